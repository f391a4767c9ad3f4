# AION in one image. Build: docker build -t aion .   Run: docker compose up
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 AION_DATA_DIR=/data
WORKDIR /app

# For watched repositories, and for scans and pictures. Debian keeps one version of each: a pinned one soon fails.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git tesseract-ocr tesseract-ocr-por \
    && rm -rf /var/lib/apt/lists/*

# Dependencies first: they change less often than the code. The torch of the usual index is built for NVIDIA GPUs, which
# takes some gigabytes; this names PyTorch's index of builds for CPUs: docker build --build-arg PIP_EXTRA_INDEX_URL=…
ARG PIP_EXTRA_INDEX_URL
COPY requirements.lock ./
RUN pip install torch==2.13.0 && pip install --no-deps --require-hashes -r requirements.lock

COPY pyproject.toml README.md LICENSE ./
COPY bot ./bot
COPY core ./core
COPY plugins ./plugins
RUN pip install --no-deps --no-build-isolation . \
    && useradd --create-home --uid 10001 aion \
    && mkdir /data && chown aion /data

USER 10001
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["aion"]
CMD ["run"]
