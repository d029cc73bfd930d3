# SPDX-License-Identifier: Apache-2.0
# Skerry in a container: deploy/README.md says how to run it. Built by the project's own scripts on Debian 12, in about
# fifteen minutes on two cores; the last stage holds the six programs, a prepared Python runtime and no tools.

# By name, as its digest changes with each of Debian's security updates. To pin it:
# --build-arg BASE=debian:12-slim@sha256:…, with what `docker buildx imagetools inspect debian:12-slim` prints.
ARG BASE=debian:12-slim

FROM ${BASE} AS build
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# cargo-web is the Rust that Debian 12 updates.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates cargo-web \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY scripts/install_packages.sh scripts/
RUN scripts/install_packages.sh && rm -rf /var/lib/apt/lists/*
COPY . .
RUN make install PREFIX=/out/usr/local

# What `skerry setup` makes, so that no start waits for it: a container without network needs nothing else.
FROM build AS prepared
ENV SKERRY_HOME=/prepared
RUN scripts/setup_python_wasi.sh \
 && /out/usr/local/bin/skerry setup \
 && rm -rf /prepared/store /prepared/store.lock /prepared/setup.lock /prepared/logs \
 && { /out/usr/local/bin/skerry --version; sha256sum guest/python/parts.sha256; } >/prepared/stamp

FROM ${BASE}
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Security updates that the base image has not taken yet; the libraries that the programs are linked with; certificates for a
# model's server; curl for the health check.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get upgrade --yes \
 && apt-get install --yes --no-install-recommends \
    ca-certificates curl \
    libfmt9 libnghttp2-14 libprometheus-cpp-core1.0 \
    libre2-9 libseccomp2 libsqlite3-0 libssl3 libxxhash0 libyaml-cpp0.7 libzstd1 \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --gid 10001 skerry \
 && useradd --uid 10001 --gid skerry --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin skerry \
 && install --directory --owner=skerry --group=skerry --mode=0700 /var/lib/skerry
COPY --from=build /out/usr/local /usr/local
COPY --from=prepared --chown=skerry:skerry /prepared /usr/local/share/skerry/prepared
COPY deploy/container/entrypoint.sh /usr/local/bin/skerry-entrypoint
COPY deploy/container/shannon.yaml /etc/skerry/shannon.yaml
# A directory in the volume: whoever mounts it may own the volume's root, as long as this is ours alone.
ENV SKERRY_HOME=/var/lib/skerry/home
VOLUME /var/lib/skerry
WORKDIR /var/lib/skerry
USER 10001:10001
EXPOSE 50051 50052 8000 8080 2113
HEALTHCHECK --interval=10s --timeout=3s --start-period=300s --retries=3 \
  CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8000/health/ready"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["skerry-entrypoint"]
CMD ["serve", "--config", "/etc/skerry/shannon.yaml"]
