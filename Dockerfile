# The image holds one static binary and CA certificates: no shell, no package manager, nothing to patch but itself.
FROM golang:1.26.8-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
ARG COMMIT=unknown
ARG DATE=unknown
ENV CGO_ENABLED=0
RUN go build -trimpath -tags goolm -ldflags "-s -w -X main.version=${VERSION} -X main.commit=${COMMIT} -X main.date=${DATE}" -o /trellis .
RUN install -d -m 0700 -o 65532 -g 65532 /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /trellis /trellis
COPY --from=build --chown=65532:65532 /data /data
ENV TRELLIS_DATA=/data
USER 65532:65532
VOLUME ["/data"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["/trellis", "health"]
ENTRYPOINT ["/trellis"]
CMD ["run"]
