# shellcheck shell=bash
# Sends a request to $0:$1 and prints the reply. $2 is none, all, or the number of bytes of the reply's length; $3 is the request in base64.
exec 3<>"/dev/tcp/$0/$1" || exit
[ "$2" = none ] && exit
printf %s "$3" | base64 -d >&3
[ "$2" = all ] && exec cat <&3
read -ra bytes < <(head -c "$2" <&3 | od -An -tu1)
[ "${#bytes[@]}" -eq "$2" ] || { echo "the connection was closed without an answer"; exit 1; }
length=0
for byte in "${bytes[@]}"; do length=$(( (length << 8) + byte )); done
head -c "$length" <&3
