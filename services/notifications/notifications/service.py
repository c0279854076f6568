"""The doors of notifications."""

from typing import Any

from chassis.doors import command, due, query, subscribe
from chassis.events import Event
from chassis.mail import Mailer
from chassis.wiring import Wired, Work
from notifications import schemas, usecases


class NotificationsService:
    """Who is told what, by e-mail and in the event feed."""

    name = "notifications"
    work = Work()
    mailer = Wired(Mailer)
    links = Wired(usecases.transfer_links)

    @query(request=schemas.NoticesWanted, answer=schemas.NoticePage)
    def notices(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.notices(session, **request)

    @query(request=schemas.EventsWanted, answer=schemas.EventPage)
    def events(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.feed(session, **request)

    @command(request=schemas.AnswerClient, answer=schemas.Notice)
    def answer_client(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.answer_client, **request)

    @subscribe("identity", "*")
    def on_identity_event(self, event: Event) -> None:
        usecases.tell(self.work, self.mailer, self.links, event)

    @subscribe("accounts", "*")
    def on_accounts_event(self, event: Event) -> None:
        usecases.tell(self.work, self.mailer, self.links, event)

    @subscribe("billing", "*")
    def on_billing_event(self, event: Event) -> None:
        usecases.tell(self.work, self.mailer, self.links, event)

    @subscribe("credits", "*")
    def on_credits_event(self, event: Event) -> None:
        usecases.tell(self.work, self.mailer, self.links, event)

    @subscribe("snapshots", "*")
    def on_snapshots_event(self, event: Event) -> None:
        usecases.tell(self.work, self.mailer, self.links, event)

    @subscribe("notifications", "*")
    def on_notifications_event(self, event: Event) -> None:
        usecases.tell(self.work, self.mailer, self.links, event)

    @due(every_seconds=60)
    def forget_old_events(self) -> None:
        with self.work.begin() as uow:
            usecases.forget_old_events(uow)
