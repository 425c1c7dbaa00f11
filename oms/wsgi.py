import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "oms.settings")

application = get_wsgi_application()
# What is loaded by now stays for good: looking through it for garbage again and again is a fiftieth of a page.
gc.freeze()
