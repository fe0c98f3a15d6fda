#!/usr/bin/env bash
# Prints the folder of images of this machine's Docker as labs have them, which set-up prepares: images.sh IMAGE...
#   registry/   data of a registry that has those of Docker's own, as that has them
#   docker/     what a Docker's data folder has after pulling them from it, for hosts that are to have them already
set -euo pipefail
# shellcheck source=test/lab/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

tree=$("$here/tree.sh" services)
ids=$(docker image inspect --format '{{.Id}}' "$@") || fail "images are missing: run make setup"
key=$(echo "$tree $* $ids" | cat "${BASH_SOURCE[0]}" - | sha256sum | cut -c 1-12)
images=$cache/images-$key

if to_be_made "$images" "images $*"; then
    say "images $*: preparing them for labs, about half a minute"
    began=$SECONDS
    folder=$labs/images.workshop registry=127.0.0.1:5001
    sweep() {
        end "$folder/init"
        remove_cgroups images.workshop
        rm -rf --one-file-system "$folder" "$images.new"
    }
    sweep
    trap sweep EXIT
    mkdir -p "$folder/seed" "$images.new/registry"
    registry_settings $registry >"$folder/seed/registry.yml"
    echo $registry >"$folder/seed/registry"
    BINDS="$images.new/registry:/var/lib/docker-registry" launch "$folder" "$tree" "$here/images-init.sh" --net
    hear ready "$folder" 300
    for image in "$@"; do
        docker save "$image" | quietly "$here/exec.sh" "$folder" "docker load --quiet"
        # As Docker's own registry has them.
        case $image in
            *.*/*) continue ;; # is another registry's, whom a mirror does not stand for
            */*) copy=$registry/$image ;;
            *) copy=$registry/library/$image ;;
        esac
        # Pulled in place of loaded, it also knows where it came from.
        quietly "$here/exec.sh" "$folder" "
            docker tag $image $copy && docker push --quiet $copy && docker rmi $image $copy && docker pull --quiet $image"
    done
    end "$folder/init"
    mkdir "$images.new/docker"
    mv "$folder/disk/docker/overlay2" "$folder/disk/docker/image" "$images.new/docker/"
    mv "$images.new" "$images"
    say "images $*: prepared ($((SECONDS - began)) s)"
fi
echo "$images"
