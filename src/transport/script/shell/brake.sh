# Waits beside the script until the controller sends a line or goes away; then nothing further begins.
{
	trap - EXIT HUP INT TERM PIPE
	read -r c_word
} <&4 >/dev/null 2>&1 3>&- &
c_brake=$!
# Programs must not read what is meant for the script.
exec 4<&-

# Fails when the script has to end before what comes next.
c_go() { c_lives "$c_brake"; }
