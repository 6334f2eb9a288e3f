#!/usr/bin/env bash
# Reads worse and worse files for a long time: fuzz.sh [SECONDS for each reader]. Finds lie in target/tmp/readers.
set -euo pipefail
cd "$(dirname "$0")/../.."
WEIGHTSCOPE_FUZZ_SECONDS="${1:-600}" cargo test --workspace --locked --test readers -- --nocapture --test-threads 2
