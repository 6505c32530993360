#!/usr/bin/env bash
# Sees to it that a Docker Engine answers. On a Debian machine without one, root gets Debian's own, with compose; the
# engine it starts goes on running.
set -euo pipefail
docker info >/dev/null 2>&1 && exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "no Docker Engine answers: start one, and see that \`docker info\` works for this user" >&2
  exit 1
fi
if ! command -v dockerd >/dev/null; then
  echo "Installing Debian's Docker Engine"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq docker.io docker-compose iptables >/dev/null
fi
if ! pgrep --exact --runstates D,R,S,T dockerd >/dev/null; then
  # An engine that was killed leaves its number and its containerd's, which the next one takes for running processes.
  rm -f /var/run/docker.pid /var/run/docker/containerd/containerd.pid
fi
log=$(mktemp /tmp/dockerd.XXXXXX.log)
setsid nohup dockerd >"$log" 2>&1 </dev/null &
for _ in $(seq 60); do
  docker info >/dev/null 2>&1 && exit 0
  sleep 1
done
echo "the Docker Engine did not start; the end of $log:" >&2
tail -n 20 "$log" >&2
exit 1
