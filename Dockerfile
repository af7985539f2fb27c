# docker build -t agent-injector:0.1.0 --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) .
#
# Without a `# syntax` line: BuildKit's own reader of Dockerfiles is enough, and no image is fetched for it.
#
# The same bytes from the same commit: SOURCE_DATE_EPOCH sets every file's time, and the layers' with
#   docker buildx build --build-arg SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) --output type=image,rewrite-timestamp=true .
# For bytes that no registry can exchange, give both images by digest (the release workflow refuses others):
#   --build-arg NODE_IMAGE=node:24.22.3-bookworm-slim@sha256:… --build-arg RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot@sha256:…
# Node.js is that of NODE_IMAGE, on a base with glibc and libstdc++ alone. gcr.io/distroless/nodejs24-debian12 says in no tag which version it has, and
# was months behind the security releases of Node.js.
ARG NODE_IMAGE=node:24.22.3-bookworm-slim
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot

# The build makes the same JavaScript on every platform: it runs once, on the builder's own.
FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc .node-version ./
# The SBOM says which Node.js this is.
RUN test "$(node --version)" = "v$(cat .node-version)"
RUN npm ci --no-audit --no-fund
COPY build.mjs tsconfig.json ./
COPY tools/page-files.js tools/yaml-modules.js tools/sbom.js ./tools/
COPY src ./src
ARG SOURCE_DATE_EPOCH=0
RUN node build.mjs \
 && mkdir -p /out \
 && cp dist/agent-injector.js dist/agent-injector.js.map dist/sbom.cdx.json dist/THIRD-PARTY-LICENSES.txt /out/ \
 && echo '{"type":"module"}' > /out/package.json \
 && find /out -exec touch --date="@${SOURCE_DATE_EPOCH}" {} +

# On the platform of the image.
FROM ${NODE_IMAGE} AS node

FROM ${RUNTIME_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="agent-injector" \
      org.opencontainers.image.description="A mutating admission webhook that puts an APM agent into Kubernetes pods" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
# Five files: the bundle, its source map, what is in it (CycloneDX), the licences of that, and one that says that the bundle is a module: else
# Node.js takes it for CommonJS first, at every start. No node_modules, no shell, no package manager.
COPY --from=node /usr/local/bin/node /nodejs/bin/node
COPY --from=build /out /app
WORKDIR /app
# A number, so that the kubelet can see that it is not root.
USER 65532:65532
# No --enable-source-maps: it holds 70 MiB, and a start takes half as long again (docs/performance.md). Names in stacks are those of the sources.
ENV NODE_ENV=production
EXPOSE 8443 9090
ENTRYPOINT ["/nodejs/bin/node", "/app/agent-injector.js"]
CMD ["serve"]
