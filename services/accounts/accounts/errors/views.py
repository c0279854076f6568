"""Refusals about saved views."""

from chassis.errors import Refusal


class ViewNotFound(Refusal):
    """No such view, or somebody else's: the two look the same to whoever asks."""

    kind = "not_found"
    code = "view_not_found"
    message = "There is no view {view_id}."


class ViewNameMissing(Refusal):
    """The name is nothing but spaces."""

    code = "view_name_missing"
    message = "A view needs a name."
    field = "name"


class ViewNameTaken(Refusal):
    """The same owner has a view of this name."""

    kind = "conflict"
    code = "view_name_taken"
    message = "You have a view called {name}: choose another name, or change that one."
    field = "name"


class TooManyViews(Refusal):
    """The owner has as many views as one can have."""

    kind = "conflict"
    code = "too_many_views"
    message = "You have {most} views, which is the most there can be: remove one first."
