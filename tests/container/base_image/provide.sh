#!/usr/bin/env bash
# Sees to it that the base image of the Dockerfiles is there: AWS's, or, where no registry can be reached, a stand-in made
# of Debian's packages with the same paths, entry point, environment and runtime interface emulator.
#
#   provide.sh SAM_ENVIRONMENT      the environment that the AWS SAM CLI is installed in, which brings the emulator
set -euo pipefail
image=public.ecr.aws/lambda/python:3.13
here=$(cd "$(dirname "$0")" && pwd)
sam=$(cd "$1" && pwd)
docker image inspect "$image" >/dev/null 2>&1 && exit 0
timeout 300 docker pull --quiet "$image" 2>/dev/null && exit 0

echo "$image cannot be pulled: making a stand-in for it"
if ! command -v debootstrap >/dev/null; then
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq debootstrap >/dev/null
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
debootstrap --variant=minbase --include=ca-certificates trixie "$work/root" >/dev/null
tar -C "$work/root" -c . | docker import - debian:trixie-slim >/dev/null
case $(uname -m) in
  x86_64) machine=x86_64 ;;
  aarch64 | arm64) machine=arm64 ;;
  *) echo "there is no Lambda for $(uname -m)" >&2; exit 1 ;;
esac
mkdir "$work/context"
cp "$here"/{Dockerfile,lambda-entrypoint.sh,bootstrap} "$work/context/"
# The machine's own list of authorities, for networks that have one of their own.
cp /etc/ssl/certs/ca-certificates.crt "$work/context/"
cp "$sam"/lib/python3.*/site-packages/samcli/local/rapid/aws-lambda-rie-"$machine" "$work/context/aws-lambda-rie"
chmod 755 "$work/context"/{aws-lambda-rie,lambda-entrypoint.sh,bootstrap}
docker build --quiet --tag "$image" "$work/context" >/dev/null
