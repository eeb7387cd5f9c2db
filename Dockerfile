# Identifies, tags, transcribes: the base installation, without PyTorch. docs/containers.md
#   docker build -t earmark .
#   docker run --rm -v "$PWD:/music:ro" earmark identify /music --model composer
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
COPY pyproject.toml README.md constraints.txt ./
COPY src src
RUN python -m venv /opt/earmark \
    && /opt/earmark/bin/pip install --no-cache-dir -c constraints.txt .

FROM python:3.13-slim-bookworm
# Versions are those of the base image's Debian, which keeps no older ones.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ffmpeg libfluidsynth3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 earmark
COPY --from=build /opt/earmark /opt/earmark
ENV PATH=/opt/earmark/bin:$PATH
USER 1000:1000
WORKDIR /home/earmark
ENTRYPOINT ["earmark"]
CMD ["--help"]
