#!/bin/bash
# The manual and the completions that the program prints: test_completion.sh PROGRAM. Shells and checkers that are not
# installed are left out; bash itself completes command lines here.
set -u
program=$(realpath "$1")
. "$(dirname "$(realpath "$0")")/shell.sh"

for form in man bash zsh fish; do
    "$program" help --$form > $form || fail "help --$form"
done

# ---- every option of --help is in all of them

commands=$("$program" help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p')
[ "$(wc -w <<< "$commands")" -ge 4 ] || fail "commands are missing: $commands"
for command in $commands; do
    "$program" help "$command" > help
    "$program" "$command" --help | cmp -s - help || fail "help $command is not $command --help"
    "$program" help --all "$command" > help
    "$program" "$command" --help-all | cmp -s - help || fail "help --all $command is not $command --help-all"
    options=$(grep -oE '^  (-., )?--[a-z-]+' help | grep -oE -- '--[a-z-]+')
    [ -n "$options" ] || fail "$command has no options"
    for option in $options; do
        grep -qF -- "fB${option//-/\\-}" man || fail "the manual lacks $option"
        grep -qF -- "$option" bash || fail "bash lacks $option"
        grep -qF -- "$option" zsh || fail "zsh lacks $option"
        grep -qE -- "-l ${option#--}( |$)" fish || fail "fish lacks $option"
    done
done

# ---- their syntax

SOURCE_DATE_EPOCH=86400 "$program" help --man > dated
grep -qF '.TH IMG2VID 1 1970-01-02 ' dated || fail 'SOURCE_DATE_EPOCH'
for section in NAME SYNOPSIS DESCRIPTION COMMANDS OPTIONS EXAMPLES FILES ENVIRONMENT 'EXIT STATUS' 'SEE ALSO'; do
    grep -qx ".SH $section" man || fail "the manual lacks $section"
done
has() { command -v "$1" > /dev/null || { echo "not checked without $1"; false; }; }
if has man; then
    MANWIDTH=80 man --warnings -E UTF-8 -l man 2> warnings > page
    [ -s warnings ] && fail "man: $(cat warnings)"
    grep -q 'save-latents OUT.npy' page || fail 'the formatted manual lacks --save-latents'
fi
if has mandoc; then
    mandoc -T lint -W warning man > warnings || fail "mandoc: $(cat warnings)"
fi
bash -n bash || fail 'bash -n'
if has zsh; then zsh -n zsh || fail 'zsh -n'; fi
if has fish; then fish --no-execute fish || fail 'fish -n'; fi
grep -q -- "--preset=.*:preset:(diffusers sgm sgm-xt comfyui animatelcm help)" zsh || fail 'zsh lacks the presets'
grep -q -- "-l preset -x -a 'diffusers sgm sgm-xt comfyui animatelcm help'" fish || fail 'fish lacks the presets'

# ---- bash

# completes WANTED WORD...: the last WORD is completed, to the lines WANTED.
completes() {
    local wanted=$1
    shift
    COMP_WORDS=(img2vid "$@")
    COMP_CWORD=$#
    _img2vid
    local got
    got=$(printf '%s\n' "${COMPREPLY[@]}" | sort -u | paste -sd ' ')
    [ "$got" = "$wanted" ] || fail "completion of '$*' is '$got', not '$wanted'"
}
# shellcheck disable=SC1091
. ./bash
complete -p img2vid > /dev/null || fail 'nothing completes img2vid'
rm -- *
mkdir model 'old videos'
touch picture.png 'my picture.jpg' noise.npy some.latent model/unet.npy
completes 'generate' gen
completes 'comfyui crop diffusers pad stretch' generate picture.png --fit ''
completes 'stretch' generate picture.png --fit s
completes 'pad' generate picture.png --fit = p
completes 'numpy torch' generate --rng =
completes 'balanced draft exact fast help' generate picture.png --speed ''
completes 'animatelcm comfyui diffusers help sgm sgm-xt' generate picture.png --preset ''
completes 'sgm sgm-xt' generate picture.png --preset = s
completes 'gif' generate picture.png -o - --format g
completes '--skip-existing' decode noise.npy --skip
completes 'model noise.npy old videos' generate picture.png --latents ''
completes 'model/unet.npy' generate picture.png --latents model/
completes 'model my picture.jpg noise.npy old videos picture.png some.latent' generate picture.png --model ''
completes 'model my picture.jpg' generate -m m
completes '' generate --width ''
completes 'my picture.jpg' generate my
completes 'picture.png' info pi
completes 'model noise.npy old videos some.latent' decode ''
completes '--max-guidance-scale --max-memory' generate picture.png --max
completes '--max-memory' info --max
completes '--repeat' bench --rep
completes '' bench pi
completes 'generate' help g
completes '--help --help-all' generate --hel

# ---- zsh and fish, where they are

if command -v fish > /dev/null; then
    "$program" help --fish > "$scratch/img2vid.fish"
    got=$(HOME=$scratch fish --private -c "source $scratch/img2vid.fish; complete -C 'img2vid generate --fit '" \
        2> /dev/null | cut -f 1 | sort | paste -sd ' ')
    [ "$got" = 'comfyui crop diffusers pad stretch' ] || fail "fish completes --fit to '$got'"
fi
[ $failures = 0 ] && echo 'all completions are as they should be'
exit $((failures > 0))
