"""Refusals about branding."""

from accounts.errors.accounts import OneOf
from chassis.errors import Refusal


class BrandNameLength(Refusal):
    """The brand's name is empty or too long."""

    code = "brand_name_length"
    message = "A brand name has 1 to {longest} characters; give null for none."
    field = "brand_name"


class BrandNameNotPlain(Refusal):
    """The brand's name holds markup or control characters."""

    code = "brand_name_not_plain"
    message = "A brand name is plain text on one line: no tags, no control characters."
    field = "brand_name"


class FooterTooLong(Refusal):
    """The footer is too long."""

    code = "footer_too_long"
    message = "The footer has {given} characters: {longest} are possible."
    field = "footer_text"


class FooterNotPlain(Refusal):
    """The footer holds markup or control characters."""

    code = "footer_not_plain"
    message = "The footer is plain text: no tags, no character references, no control characters but line breaks."
    field = "footer_text"


class _ColourMalformed(Refusal):
    code = "colour_malformed"
    message = "«{given}» is not a colour: write it like #1f4e79."


class PrimaryColourMalformed(_ColourMalformed):
    """The colour of buttons and bars is none."""

    field = "primary_colour"


class TextColourMalformed(_ColourMalformed):
    """The colour of text on the primary colour is none."""

    field = "text_colour"


class PrimaryColourMissing(Refusal):
    """A colour for text on the primary colour was given without that one."""

    code = "primary_colour_missing"
    message = "text_colour is that of text on the primary colour: give primary_colour too."
    field = "primary_colour"


class ContrastTooLow(Refusal):
    """Text could not be read on its background (WCAG 2.2, 1.4.3)."""

    code = "contrast_too_low"
    message = "Text in {text_colour} on {primary_colour} has a contrast of {contrast}: at least {least} is needed to read it."
    field = "primary_colour"


class LogoNotBase64(Refusal):
    """The logo's data is no base64 (RFC 4648, 4)."""

    code = "logo_not_base64"
    message = "The logo is not in base64: give the bytes of the file in it, without line breaks."
    field = "logo.data"


class LogoTooLarge(Refusal):
    """The logo has too many bytes."""

    code = "logo_too_large"
    message = "The logo has {given_bytes} bytes: {most_bytes} are possible."
    field = "logo.data"


class LogoTypeNotPossible(OneOf):
    """Not a type of image that is shown; SVG is none of them, as it may hold script."""

    code = "logo_type_not_possible"
    field = "logo.content_type"


class LogoUnreadable(Refusal):
    """The bytes are no image of the types that are shown."""

    code = "logo_unreadable"
    message = "The logo is no whole image of the types {allowed}."
    field = "logo.data"


class LogoTypeDiffers(Refusal):
    """The bytes are an image of another type than was said."""

    code = "logo_type_differs"
    message = "The logo is of the type {found}, not {given}."
    field = "logo.content_type"


class LogoSizeNotPossible(Refusal):
    """The image is too small to be seen or too large to be shown."""

    code = "logo_size_not_possible"
    message = "The logo has {width} × {height} pixels: each side has {least_pixels} to {most_pixels}."
    field = "logo.data"
