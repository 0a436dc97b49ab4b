# The served mode's images: `readiness` (web, worker, clock and prepare differ only in their command, which
# docker-compose.yml says) and `proxy`. Packages come from the lock, checked against its hashes.
FROM python:3.11-slim-bookworm AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends gettext \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/readiness
RUN python -m venv /opt/readiness
COPY requirements/run.txt requirements/run.txt
RUN /opt/readiness/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes --no-deps -r requirements/run.txt
COPY . .
RUN for po in locale/*/LC_MESSAGES/*.po; do msgfmt --check-format -o "${po%.po}.mo" "$po"; done \
    && /opt/readiness/bin/python -m compileall -q .

FROM python:3.11-slim-bookworm AS readiness
RUN apt-get update \
    && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home --home-dir /nonexistent readiness \
    && install -d -o readiness /var/lib/readiness /var/lib/readiness/tmp
COPY --from=build /opt/readiness /opt/readiness
COPY --from=build /srv/readiness /srv/readiness
WORKDIR /srv/readiness
ENV PATH=/opt/readiness/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/var/lib/readiness
USER readiness

FROM debian:bookworm-slim AS proxy
RUN apt-get update \
    && apt-get install -y --no-install-recommends nginx curl \
    && rm -rf /var/lib/apt/lists/* \
    && install -d -o www-data -g www-data /var/lib/nginx
COPY readiness/deploy/nginx.conf /etc/nginx/readiness.conf
USER www-data
