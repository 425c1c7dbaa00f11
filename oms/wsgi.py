import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")
# granian's threads forget everything after each request, a database session too: each process keeps some in a pool.
os.environ.setdefault("DATABASE_POOL", "8")

application = get_wsgi_application()
