FROM node:24-slim AS studio
WORKDIR /build/studio
COPY studio/package.json studio/package-lock.json ./
COPY studio/packages/client/package.json packages/client/
RUN npm ci --ignore-scripts --omit=dev
COPY studio ./
COPY docs/operations ../docs/operations
RUN npm run build

FROM python:3.11-slim AS docs
WORKDIR /build
COPY . .
RUN python -m tools.site

FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /venv
COPY pyproject.toml constraints.txt README.md LICENSE hatch_build.py ./
COPY gql_server gql_server
COPY --from=studio /build/gql_server/pages/static gql_server/pages/static
COPY --from=docs /build/gql_server/pages/site gql_server/pages/site
RUN /venv/bin/pip install --no-cache-dir --constraint constraints.txt .

FROM python:3.11-slim
RUN useradd --create-home --uid 10001 gql && install -d -o gql /data
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH HOST=0.0.0.0 DATA_DIR=/data PYTHONUNBUFFERED=1
USER gql
WORKDIR /home/gql
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["python", "-c", \
  "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('PORT', '8000')}/health\")"]
CMD ["gql-server", "serve"]
