	# --- names ---
	fqdn=
	case $hostname in
	*.*) fqdn=$hostname ;;
	*)
		count=0
		while [ "$count" -lt 500 ] && [ -z "$fqdn" ] && read -r address names; do
			count=$((count + 1))
			for name in ${names%%#*}; do
				case $name in "$hostname".*) fqdn=$name && break ;; esac
			done
		done </etc/hosts
		# The resolver may take its time, and a domain is not worth waiting for.
		[ -z "$fqdn" ] && have hostname && fqdn=$(limited 1 hostname -f)
		;;
	esac
	put fqdn "${fqdn:-$hostname}"

	# --- network ---
	interfaces=
	while IFS=: read -r name rest; do
		case $rest in *'|'* | '') continue ;; esac
		interfaces="$interfaces${name##* }$newline"
	done </proc/net/dev
	put interfaces "$interfaces"
	# A default route stands near the top of both tables; the rest may be long.
	routes=
	count=0
	while [ "$count" -lt 32 ] && read -r line; do
		count=$((count + 1))
		routes="$routes$line$newline"
	done </proc/net/route
	put routes "$routes"
	routes=
	count=0
	while [ "$count" -lt 64 ] && read -r line; do
		count=$((count + 1))
		case $line in "00000000000000000000000000000000 00 "*) routes="$routes$line$newline" ;; esac
	done </proc/net/ipv6_route
	put routes6 "$routes"
	addresses=
	have ip && addresses=$(limited 3 ip -o addr show)
	if [ -n "$addresses" ]; then
		put addresses "$addresses"
	else
		candidate=
		while read -r first second rest; do
			case "$first $second $rest" in
			'|-- '*) candidate=$second ;;
			'/32 host LOCAL') addresses="$addresses$candidate$newline" ;;
			esac
		done </proc/net/fib_trie
		put local-addresses "$addresses"
		addresses=
		while read -r line; do
			addresses="$addresses$line$newline"
		done </proc/net/if_inet6
		put local-addresses6 "$addresses"
	fi
