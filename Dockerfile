# checkov:skip=CKV_DOCKER_2: Lambda runs no health check, and the runtime interface emulator is none of production's
# The Lambda function as a container image: the handler, its locked dependencies and the compiled operations.
#
#   docker build -t queryport .                                    for this machine's kind of processor
#   docker build --build-arg PYTHON=3.13-arm64 -t queryport .      for Graviton; 3.13-x86_64 for the other
#
# The targets `compiler` and `runtime` are what a project of one's own is built from: see docs/container.md.
# No syntax of BuildKit's is used, since `sam build` builds with the classic builder.
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

# /var/task/: the dependencies that ship, as bytecode alone, and what they are (an SBOM in CycloneDX's format).
FROM installer AS dependencies
# The services of AWS that the function may call besides the RDS Data API: botocore knows four hundred and more.
ARG AWS_SERVICES="rds-data s3 secretsmanager ssm appconfigdata dynamodb lambda sts sso sso-oidc signin"
RUN uv export --locked --no-default-groups --no-emit-project --output-file requirements.txt >/dev/null \
 && uv pip install --require-hashes --requirement requirements.txt --target /var/task \
 && uv export --locked --no-default-groups --no-emit-project --format cyclonedx1.5 --output-file /var/task/sbom.cdx.json >/dev/null \
 # Commands, the packages' own tests and pages, which nothing imports.
 && rm -rf /var/task/bin /var/task/.lock /var/task/aws_lambda_powertools/event_handler/openapi/swagger_ui \
 && find /var/task -type d -name tests -prune -exec rm -rf {} + \
 && for service in /var/task/botocore/data/*/ /var/task/boto3/data/*/; do \
      case " ${AWS_SERVICES} " in *" $(basename "$service") "*) ;; *) rm -rf "$service" ;; esac; \
    done \
 && python3 -m gzip --best /var/task/botocore/data/endpoints.json && rm /var/task/botocore/data/endpoints.json \
 # Bytecode where the source would be, and no source: a fifth of the size. The handler below keeps its own.
 && find /var/task -type d -name __pycache__ -prune -exec rm -rf {} + \
 && python3 -m compileall -q -b --invalidation-mode unchecked-hash /var/task \
 && find /var/task -name '*.py' -delete \
 && chmod -R a+rX /var/task

FROM installer AS handler
COPY handler /var/task/handler
RUN python3 -m compileall -q --invalidation-mode unchecked-hash /var/task/handler \
 && chmod -R a+rX /var/task/handler

# The command `queryport` with the PostgreSQL that query files are compiled against. Up to the last RUN it is word for word
# as in emulator.Dockerfile, so that the two images share what is built here.
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
ENV PATH=/opt/queryport/bin:${PATH}
WORKDIR /project

# The first line of a project's own Dockerfile names this stage: it compiles the folder that it is built in.
FROM tool AS compiler
ONBUILD COPY . .
ONBUILD RUN queryport build --data-dir /tmp/queryport --output /var/task/catalog.json && rm -rf /tmp/queryport

# The operations of this repository. What PostgreSQL refuses ends the build here.
FROM tool AS catalog
COPY queryport.toml ./
COPY migrations migrations
COPY sql_queries sql_queries
RUN queryport build --data-dir /tmp/queryport --output /var/task/catalog.json

# The function without operations, and the last line but one of a project's own Dockerfile.
FROM public.ecr.aws/lambda/python:${PYTHON} AS runtime
COPY --from=dependencies /var/task /var/task
COPY --from=handler /var/task/handler /var/task/handler
CMD ["handler.main.lambda_handler"]
# For everywhere else: Lambda runs an image as an unprivileged user of its own choice, whatever stands here.
ONBUILD ARG RUN_AS=1000
ONBUILD USER ${RUN_AS}

FROM runtime
# The catalogue, and the OpenAPI document beside it.
COPY --from=catalog /var/task/*.json* /var/task/
ARG RUN_AS=1000
USER ${RUN_AS}
