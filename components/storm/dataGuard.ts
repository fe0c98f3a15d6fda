/** Where a daemon's data says by which major version of Storm it was written. */
const file = "/data/storm-major-version";

/**
 * What a container with data runs first, in `bash`: data of another major version stops it there. What version it is itself, Storm's
 * jars say: a tag may say anything.
 */
export const guardData = `
home=$(dirname "$(dirname "$(readlink -f "$(command -v storm)")")")
own=$(ls "$home/lib" | sed -nE 's/^storm-core-([0-9]+)\\..*\\.jar$/\\1/p' | head -n 1)
data=$(cat ${file} 2>/dev/null || echo "$own")
if [ "$data" != "$own" ]; then
  echo "The data of $HOSTNAME was written by Storm $data, and this image is of Storm $own, which cannot read it: nothing was changed." \\
    "Go back to an image of Storm $data, or remove the cluster with its data (make down DATA=yes), or make a stack of its own for Storm $own." >&2
  exit 78
fi
[ -z "$own" ] || echo "$own" >${file}
`.trim();
