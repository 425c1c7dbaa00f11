"""Sessions in the database, saved with one statement: the dock notes each scan in one."""

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError


class SessionStore(db.SessionStore):
    def save(self, must_create: bool = False) -> None:
        """Like Django's, without a transaction around one UPDATE. Raises UpdateError when it was ended meanwhile."""
        if must_create or self.session_key is None:
            super().save(must_create)
            return
        row = self.create_model_instance(self._get_session())
        saved = self.model.objects.filter(pk=row.pk)
        if not saved.update(session_data=row.session_data, expire_date=row.expire_date):
            raise UpdateError
