#!/bin/bash
# --show: previews on terminals of several kinds: test_show.sh PROGRAM DATA PTY
set -u
pty=$(realpath "$3")
. "$(dirname "$0")/shell_model.sh"
for variable in TMUX STY KITTY_WINDOW_ID TERM_PROGRAM LC_TERMINAL COLORTERM LC_ALL LC_CTYPE; do unset $variable; done
export TERM=xterm-256color LANG=C.UTF-8
run=(generate picture.png -o v.gif "${small[@]}" --num-inference-steps 4 --show)
escape=$'\e'
da1=$'\e[c' # the last question

# on SIZE LIST... -- VARIABLE=VALUE...: the run on a terminal of such a size ("80 24"); all of it is in $scratch/record
on() {
    local size=$1 list=()
    shift
    while [ "$1" != -- ]; do
        list+=("$1")
        shift
    done
    shift
    env "$@" "$pty" "$scratch/record" $size "${list[@]}" -- "$program" "${run[@]}" > "$scratch/out" 2> "$scratch/err"
    [ -s "$scratch/err" ] && fail "pty: $(cat "$scratch/err")"
    grep -q 'terminal as it was' "$scratch/out" || fail "the terminal's settings: $(cat "$scratch/out")"
}

ends_with() { grep -q "^status $1," "$scratch/out" || fail "not status $1"; }
count() { grep -aoF -- "$1" "$scratch/record" | wc -l; }
has() { [ "$(count "$1")" -gt 0 ] || fail "nothing like $(printf %q "$1") was written"; }
lacks() { [ "$(count "$1")" = 0 ] || fail "$(printf %q "$1") was written $(count "$1") times"; }

kinds() {
    local answered=(on "$da1" send $'\e[?62;22c')
    on '80 24' "${answered[@]}" -- COLORTERM=truecolor
    ends_with 0
    has "$escape[38;2;"
    has '▀'
    lacks "$escape[38;5;"
    [ "$(count "${escape}7")" = "$(count "${escape}8")" ] || fail 'the cursor is not always put back'
    [ "$(count "${escape}7")" -ge 4 ] || fail 'not each step was shown'
    on '80 24' "${answered[@]}" --
    has "$escape[48;5;"
    lacks "$escape[38;2;"
    on '80 24' "${answered[@]}" -- LANG=C
    lacks '▀'
    has "$escape[48;5;"
    on '80 24' on "$da1" send $'\e[6;18;9t\e[?1;0;256S\e[?62;4;22c' --
    has "${escape}P0;1;0q\"1;1;"
    lacks '▀'
    on '80 24' on "$da1" send $'\e[?1;0;16S\e[?62;4;22c' --
    lacks "${escape}P0"
    has '▀'
    on '80 24' on "$da1" send $'\e_Gi=31;OK\e\\\e[?62;4c' --
    has "${escape}_Ga=T,f=100"
    lacks "${escape}P0"
    for kitty in KITTY_WINDOW_ID=1 TERM=xterm-kitty TERM_PROGRAM=ghostty; do
        on '80 24' -- $kitty
        has "${escape}_Ga=T,f=100"
        lacks "$da1"
    done
    for iterm2 in TERM_PROGRAM=iTerm.app LC_TERMINAL=iTerm2 TERM_PROGRAM=WezTerm; do
        on '80 24' -- $iterm2
        has "${escape}]1337;File=inline=1;"
        lacks "$da1"
    done
    # in tmux, what the terminal around it says does not count, and kitty's question is not asked
    on '80 24' "${answered[@]}" -- TMUX=/tmp/x,1,0 TERM=tmux-256color KITTY_WINDOW_ID=1 TERM_PROGRAM=tmux
    has '▀'
    lacks "${escape}_G"
}

# The same frames, and nothing of it where there is no terminal, or not both.
nothing() {
    works plain.gif generate picture.png -o plain.gif "${small[@]}" --num-inference-steps 4
    on '80 24' on "$da1" send $'\e[?62;c' --
    same v.gif plain.gif
    works v.gif "${run[@]}"
    LC_ALL=C grep -q "$escape" "$scratch/out" "$scratch/err" && fail 'escape sequences in a pipe'
    same v.gif plain.gif
    "$pty" "$scratch/record" 80 24 -- bash -c '"$0" "$@" | cat' "$program" "${run[@]}" > "$scratch/out"
    lacks '▀'
    lacks "$da1"
    "$pty" "$scratch/record" 80 24 -- bash -c '"$0" "$@" 2> errors' "$program" "${run[@]}" > "$scratch/out"
    lacks '▀'
    lacks "$da1"
    on '80 24' -- TERM=dumb
    lacks '▀'
    lacks "$da1"
    on '80 24' -- TERM=linux # it would print the questions
    has '▀'
    lacks "$da1"
}

# Ctrl-C while pictures are drawn, while the terminal is asked, and twice.
interrupts() {
    on '80 24' on "$da1" send $'\e[?62;c' on '▀' send $'\x03' --
    ends_with 130
    has 'img2vid: interrupted'
    on '80 24' on "$da1" send $'\x03' --
    ends_with 130
    on '80 24' on "$da1" send $'\x03\x03\x03' --
    ends_with 130
    on '80 24' on "$da1" send $'\e[?62;c' on '▀' send $'\x03\x03' --
    ends_with 130
}

# By how many lines the cursor goes up to the pictures.
ups() { LC_ALL=C grep -aoE $'\e7\r\e\\[[0-9]+A' "$scratch/record" | grep -aoE '[0-9]+A' | sort -u | tr -d '\n'; }

sizes() {
    on '80 24' on "$da1" send $'\e[?62;c' --
    [ "$(ups)" = 6A ] || fail "8x6 latents, which are 16x12 halves of blocks at most, on $(ups) lines"
    on '10 3' on "$da1" send $'\e[?62;c' --
    ends_with 0
    on '1 1' on "$da1" send $'\e[?62;c' --
    ends_with 0
    on '0 0' on "$da1" send $'\e[?62;c' --
    ends_with 0
    # another size gets another place
    on '80 24' on "$da1" send $'\e[?62;c' on '▀' resize 6 10 --
    ends_with 0
    [ "$(ups)" != 6A ] || fail 'the picture is as large in a smaller terminal'
}

# How often six lines were made for the pictures.
made() { tr '\r\n' 'RN' < "$scratch/record" | grep -aoF RNRNRNRNRNRN | wc -l; }

# One place, above the progress line. Lines that are printed meanwhile stay: the pictures after them have another.
places() {
    on '80 24' on "$da1" send $'\e[?62;c' --
    [ "$(made)" = 1 ] || fail "the pictures had $(made) places"
    local run=("${run[@]}" --verbose)
    on '80 24' on "$da1" send $'\e[?62;c' --
    ends_with 0
    has 'denoise 4 of 4, '
    [ "$(made)" -ge 2 ] || fail 'pictures were drawn over a line that was printed'
}

# A terminal that says anything: no crash, and a picture of some kind.
hostile() {
    local text
    text=$(head -c 700 /dev/zero | tr '\0' '9')
    on '80 24' on "$da1" send $'\e[6;'"$text;${text}t"$'\e[?62;4c' --
    ends_with 0
    on '80 24' on "$da1" send "$text$text$text" --
    ends_with 0
    has '▀'
    on '80 24' on "$da1" send $'\e[6;0;0t\e[?1;0;0S\e[?4c' --
    ends_with 0
    has "${escape}P0"
    on '80 24' on "$da1" send $'\e_Gi=31;OK\e\\' -- # and nothing more
    ends_with 0
}

run_groups kinds nothing interrupts sizes places hostile
