"""What snapshots refuses, by name."""

from chassis.errors import Refusal


class WorkspaceNotFound(Refusal):
    """The agency has no workspace of this account: unknown, another's, or dropped because the account failed."""

    kind = "not_found"
    code = "workspace_not_found"
    message = "There is no workspace of the account {account_id}."


class SnapshotNotFound(Refusal):
    """A workspace was to begin as a copy of a snapshot that does not exist."""

    kind = "not_found"
    code = "snapshot_not_found"
    message = "There is no snapshot {snapshot_id}, so nothing can be copied from it."


class AssetNotFound(Refusal):
    """The workspace has no asset of this kind and key."""

    kind = "not_found"
    code = "asset_not_found"
    message = "There is no {asset_kind} with the key {key} in this account."


class AssetKeyInvalid(Refusal):
    """The key could not stand in an address, or nobody could read it."""

    code = "asset_key_invalid"
    message = "A key has 1 to {longest} printable characters, no slash, no space at its ends, and is not a lone dot or two."
    field = "key"


class AssetKeyTaken(Refusal):
    """A template was to be imported under a key that another one has; an import replaces nothing."""

    kind = "conflict"
    code = "asset_key_taken"
    message = "The account has a template with the key {key} already: import it under another `key`, or remove that one first."
    field = "key"


class TooManyAssets(Refusal):
    """The workspace is full."""

    kind = "conflict"
    code = "too_many_assets"
    message = "The account has {most} assets, which is the most there can be: replace one, or remove one first."


class AssetContentTooLarge(Refusal):
    """More than an asset can hold."""

    code = "asset_content_too_large"
    message = "The content has {size_bytes} bytes as compact JSON: {most_bytes} are possible."
    field = "content"


class AssetContentTooDeep(Refusal):
    """Objects and lists within one another, too many."""

    code = "asset_content_too_deep"
    message = "The content is nested more than {most_levels} levels deep."
    field = "content"


class AssetContentTooManyValues(Refusal):
    """Small values, too many."""

    code = "asset_content_too_many_values"
    message = "The content has more than {most_values} values, counting those within others."
    field = "content"


class AssetContentUnstorable(Refusal):
    """A text or a number in the content that no JSON document and no database can hold."""

    code = "asset_content_unstorable"
    message = "The content holds NUL, half of a surrogate pair, or what is no number."
    field = "content"


class ShareLinkNotFound(Refusal):
    """The template has no such share link: unknown, or revoked."""

    kind = "not_found"
    code = "share_link_not_found"
    message = "There is no share link {share_link_id} of this template."


class ShareLinkUnusable(Refusal):
    """Nothing can be imported with this token: unknown, expired, revoked, or its template is gone. Whoever holds it is not told which."""

    kind = "not_found"
    code = "share_link_unusable"
    message = "There is no template behind this token: it may have expired or been taken back. Ask who gave it to you for another one."
    field = "token"


class ShareLinkExpiryOutOfRange(Refusal):
    """A share link ends in the future, and within a year."""

    code = "share_link_expiry_out_of_range"
    message = "A share link ends after {now} and not after {latest}; left out, it ends after 30 days."
    field = "expires_at"


class TooManyShareLinks(Refusal):
    """The template has as many open links as one can have."""

    kind = "conflict"
    code = "too_many_share_links"
    message = "The template has {most} share links, which is the most there can be: revoke one first."
