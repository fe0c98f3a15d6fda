# shellcheck shell=sh disable=SC2154
# Pulls an image, and refuses one that this machine's processor cannot run. Given: image; host, what messages call this machine.
#
# Docker says why it does not pull an image that exists for other processors only, but Pulumi's Docker provider does not show that. An
# image that exists for a single processor is pulled on every other without a warning. Where that one is emulated, it runs all the same.
#
# Docker Hub's limit of pulls is explained. Amazon's, some pulls a second, passes: machines that pull at once take turns.
# (https://docs.docker.com/docker-hub/usage/pulls/, https://docs.aws.amazon.com/AmazonECR/latest/public/public-service-quotas.html)
#
# After a pull that fails for another reason, the provider pulls again, and shows what it knows.

platform_of_image() { docker image inspect --format '{{.Os}}/{{.Architecture}}' "$image" 2>/dev/null; }

pull() {
    tries=0
    until pulled=$(docker pull --quiet "$image" 2>&1); do
        case $pulled in *"Rate exceeded"*) ;; *) return 1 ;; esac
        [ $((tries += 1)) -le 10 ] || return 1
        sleep "$tries"
    done
}

# An image of somebody's on Docker Hub is in no other registry by a name that is known here.
otherwise() {
    case $image in
    */*) echo "Name an image in another registry" ;;
    *) echo "Set imageRegistry to a registry that has Docker's official images, such as public.ecr.aws/docker/library" ;;
    esac
}

platform=$(docker version --format '{{.Server.Os}}/{{.Server.Arch}}')
advice="name an image that exists for $platform, or use a machine with another processor"

if ! own=$(platform_of_image); then
    if ! pull; then
        case $pulled in
        *"pull rate limit"*)
            fail 26 "Docker Hub does not let $host pull $image now: it limits anonymous pulls by public address, which machines behind" \
                "one NAT gateway share. $(otherwise), run \`docker login\` on $host, or wait up to 6 hours. Docker says: $pulled"
            ;;
        *"no matching manifest"*) fail 23 "$image does not exist for $platform, which is the platform of $host: $advice" ;;
        esac
        exit 0
    fi
    own=$(platform_of_image) || exit 0
fi
[ "$own" != "$platform" ] || exit 0
case $(docker run --rm --network none --entrypoint true "$image" 2>&1) in
*"exec format error"*) fail 24 "$image is for $own, and the platform of $host is $platform: $advice" ;;
esac
