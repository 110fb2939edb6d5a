# Backcast without an embedded database: BACKCAST_DATABASE_URL says where PostgreSQL is.
#   docker build -t backcast .
#   docker run --rm -e BACKCAST_DATABASE_URL=… backcast migrate
#   docker run -p 8000:8000 -e BACKCAST_DATABASE_URL=… backcast

FROM python:3.13-slim AS wheel
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY migrations migrations
COPY openapi/openapi.json openapi/openapi.json
COPY app app
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheel .

FROM python:3.13-slim
COPY requirements.txt /tmp/requirements.txt
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.txt
COPY --from=wheel /wheel /tmp/wheel
RUN pip install --no-cache-dir --no-deps /tmp/wheel/*.whl \
 && python -c 'from app.main import document; document()' \
 && rm -rf /tmp/wheel /tmp/requirements.txt \
 && useradd --system --uid 10001 --create-home backcast

# A number, so that an orchestrator can see that it is not root.
USER 10001
WORKDIR /home/backcast
ENV PYTHONUNBUFFERED=1
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=2)"]
ENTRYPOINT ["backcast"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
