# The RDS Data API emulator as an image: a local endpoint for any program that speaks to Aurora through the Data API.
#
#   docker build -f emulator.Dockerfile -t queryport-emulator .
#   docker run -p 127.0.0.1:8081:8081 queryport-emulator
#   docker run -p 127.0.0.1:8081:8081 -v "$PWD:/project:ro" queryport-emulator --project /project      with migrations and seeds
#
# On the function's base image, so that one download serves both. docs/container.md shows it in a compose file.
ARG PYTHON=3.13

# The package installer, in the version that the lock file names, by its hash.
FROM public.ecr.aws/lambda/python:${PYTHON} AS installer
WORKDIR /build
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_NO_INSTALLER_METADATA=1 \
    UV_PYTHON=/var/lang/bin/python3.13 \
    UV_PYTHON_DOWNLOADS=never \
    # Bytecode that is never compared with its source: Lambda's file system is read-only and its dates are not ours.
    PYC_INVALIDATION_MODE=UNCHECKED_HASH
COPY pyproject.toml uv.lock .ci/tools/uv.txt ./
RUN python3 -m pip install --quiet --no-cache-dir --root-user-action=ignore \
    --require-hashes --requirement uv.txt

# The command `queryport`, word for word as in the Dockerfile of the function.
FROM installer AS tool
ENV UV_PROJECT_ENVIRONMENT=/opt/queryport
# PostgreSQL does not run as root, and the base image has no useradd.
RUN grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/sbin/nologin' >>/etc/passwd
RUN uv sync --locked --no-default-groups --extra tool --no-install-project
COPY README.md LICENSE ./
COPY handler handler
COPY queryport queryport
# The packages have their bytecode: uv would make all of it anew.
RUN UV_COMPILE_BYTECODE=0 uv sync --locked --no-default-groups --extra tool --no-editable \
 && cd /opt/queryport/lib/python3.13/site-packages \
 && python3 -m compileall -q --invalidation-mode unchecked-hash handler queryport

FROM public.ecr.aws/lambda/python:${PYTHON}
# PostgreSQL does not run as root, and the base image has no useradd.
RUN (grep -q '^nobody:' /etc/passwd || echo 'nobody:x:65534:65534:nobody:/:/sbin/nologin' >>/etc/passwd) \
 && mkdir /data && chown 65534:65534 /data
COPY --from=tool /opt/queryport /opt/queryport
ENV PATH=/opt/queryport/bin:${PATH}
USER 65534
WORKDIR /data
VOLUME /data
EXPOSE 8081
HEALTHCHECK --interval=2s --timeout=5s --start-period=60s --retries=30 CMD ["/opt/queryport/bin/python", "-c", \
  "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8081/_queryport/status', timeout=1)"]
ENTRYPOINT ["queryport", "emulator", "--host", "0.0.0.0", "--data-dir", "/data"]
CMD []
