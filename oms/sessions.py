"""Sessions in the database, saved with one statement: the dock notes each scan in one."""

from datetime import datetime

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from oms.prepared import prepared


@prepared
def _alive(key: str, now: datetime) -> QuerySet[Session]:
    return Session.objects.filter(session_key=key, expire_date__gt=now)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        """Like Django's, which each request of the staff begins with."""
        found = _alive(self.session_key, timezone.now())
        if found:
            return found[0]
        self._session_key = None
        return None

    def save(self, must_create: bool = False) -> None:
        """Like Django's, without a transaction around one UPDATE. Raises UpdateError when it was ended meanwhile."""
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        row = self.create_model_instance(self._get_session())
        saved = self.model.objects.filter(pk=row.pk)
        if not saved.update(session_data=row.session_data, expire_date=row.expire_date):
            raise UpdateError
