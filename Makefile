# The commands of the project; Meson and Ninja do the work. Each installs what it needs and finds missing.

# Build folders; each kind of build has its own, so that none is made anew for another.
OUT := build
CHECK := $(OUT)/check
ASAN := $(OUT)/asan
TSAN := $(OUT)/tsan
FUZZ := $(OUT)/fuzz
CLANG := $(OUT)/clang

MESON := meson setup --wipe
SECONDS_A_TARGET ?= 600
SECONDS ?= 3600

.PHONY: build run run-cluster test sanitize soak fuzz bench lint docs deb deb-test vm-test image-test clean

build: ## the optimised server, as build/tidings
	@tools/install build
	@test -f $(OUT)/release/build.ninja || meson setup $(OUT)/release --buildtype=release -Db_lto=true -Dtests=false
	@ninja -C $(OUT)/release tidings
	@ln -sf release/tidings $(OUT)/tidings

run: build ## the server in demo mode on 127.0.0.1:8080, and how to try it
	@tools/run

run-cluster: build ## two nodes, a Redis and a load balancer on this machine, both delivering
	@tools/install cluster
	@tools/run-cluster

test: build ## everything: unit tests, end to end, sanitizers, a few seconds of fuzzing, the floors
	@tools/install test lint
	@tools/test

client: build ## the npm package in client/: its types, its tests, its build
	@tools/install test
	@tools/client

sanitize: build ## the whole end-to-end suite under AddressSanitizer and under ThreadSanitizer, without cutting corners
	@tools/install test
	@tools/sanitize

soak: build ## two nodes and a Redis for SECONDS (3600) with all that happens to servers, then as long under AddressSanitizer
	@tools/install test
	@tools/soak $(SECONDS)

fuzz: ## each fuzz target for SECONDS_A_TARGET (600)
	@tools/install build test
	@tools/fuzz $(SECONDS_A_TARGET)

bench: build ## Tidings against Nchan, ws and a bare loop of send(), what a Redis and TLS cost; see bench/README.md
	@tools/install bench
	@bench/run
	@bench/redis
	@bench/tls

lint: ## clang-format, clang-tidy, the floors
	@tools/install build test lint
	@tools/lint

docs: build ## docs/configuration.md, docs/http-api.md and docs/openapi.json from the tables in the code
	@ninja -C $(OUT)/release docs

deb: ## Debian packages of the server and the library, in build/deb/
	@tools/install build package
	@tools/deb

deb-test: deb ## installs, starts, upgrades and purges them in a Debian of their own; as root
	@tools/install package
	@tools/package-test

vm-test: deb ## the same by a real systemd and kernel, in a virtual machine: restarts under load, the sandbox, the socket; as root
	@tools/install vm
	@tools/vm-test

image-test: ## the image of deploy/Dockerfile, built without a daemon and run by podman in the same machine; as root
	@tools/install vm image
	@tools/image-test

clean:
	rm -rf $(OUT)
