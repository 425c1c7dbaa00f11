# One image for web, workers, beat and migrations; the command decides (see docker-compose.yml).
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /venv
COPY requirements.lock /tmp/requirements.lock
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r /tmp/requirements.lock

FROM python:3.13-slim
# Pango sets the PDFs; the fonts are what they are set in.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/homeward --create-home --shell /usr/sbin/nologin homeward
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOMEWARD_PRODUCTION=1 \
    HOMEWARD_DATA=/var/lib/homeward \
    STATIC_ROOT=/srv/static
COPY --from=build /venv /venv
WORKDIR /srv/homeward
COPY manage.py ./
COPY oms oms
COPY inventory inventory
COPY returns returns
COPY refunds refunds
COPY notifications notifications
COPY reporting reporting
COPY templates templates
COPY static static
# The values are placeholders of this one step: nothing of them stays in the image.
RUN python -m compileall -q oms inventory returns refunds notifications reporting \
    && SECRET_KEY=build HOMEWARD_MASTER_KEYS=build DATABASE_URL=postgres:///build REDIS_URL=redis://build \
        python manage.py collectstatic --no-input --verbosity 0
USER homeward
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", \
     "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers", "oms.wsgi:application"]
