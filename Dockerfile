# The served mode's one image: web, worker and clock differ only in their command (docker-compose.yml).
FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 gettext \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/readiness
COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY . .
RUN for po in locale/*/LC_MESSAGES/*.po; do msgfmt --check-format -o "${po%.po}.mo" "$po"; done \
    && useradd --system --no-create-home readiness \
    && install -d -o readiness /var/lib/readiness
USER readiness
ENV DATA_DIR=/var/lib/readiness PYTHONUNBUFFERED=1
EXPOSE 8000
CMD ["gunicorn", "readiness.wsgi:application", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", "--threads", "4", "--timeout", "60", "--preload", "--no-control-socket", "--worker-tmp-dir", "/dev/shm"]
