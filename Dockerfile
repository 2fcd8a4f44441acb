# The product without a database: give it DATABASE_URL (see compose.yaml).
FROM python:3.11-slim-bookworm AS build
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
COPY requirements.txt Makefile ./
RUN make setup
COPY . .
RUN CREDITPATH_VAR=/app/var .venv/bin/python manage.py collectstatic --no-input --verbosity 0 && rm -f var/secret-key

FROM python:3.11-slim-bookworm
# libgomp is what LightGBM and XGBoost run on.
RUN apt-get update && apt-get install -y --no-install-recommends libgomp1 && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --no-create-home creditpath
WORKDIR /app
COPY --from=build --chown=root:root /app /app
RUN mkdir -p var && chown -R creditpath var
USER creditpath
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 CREDITPATH_PRODUCTION=true PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s CMD ["python", "-m", "creditpath.probe"]
CMD ["sh", "-c", "exec gunicorn creditpath.wsgi --bind 0.0.0.0:$PORT --workers ${WEB_CONCURRENCY:-2} --worker-class gthread --threads 4 --timeout 60"]
