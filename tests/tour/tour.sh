#!/usr/bin/env bash
# A tour of the window, driven as a person drives it: real key presses and clicks on a virtual display, a picture for each part.
#   tests/tour/tour.sh OUT_DIR [PROGRAM]
# Needs Xvfb, xdotool and ImageMagick's `import`. The pictures are for eyes: they show what tests by the accessibility tree cannot.
set -euo pipefail
out=$(realpath -m "${1:?a folder for the pictures}")
program=$(realpath "${2:-target/release/weightscope}")
display=${TOUR_DISPLAY:-:87}
work=$(mktemp -d)
export DISPLAY=$display
cleanup() { kill "$(cat "$work/app" 2>/dev/null)" "$(cat "$work/xvfb" 2>/dev/null)" 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
mkdir -p "$out"

echo "runs for the tour"
base=$work/runs
for seed in 0 1 2; do
  for quantizer in lsq statsq; do
    "$program" run "oscillation/mlp-$quantizer" --runs "$base" --set seed=$seed --set epochs=60 >/dev/null 2>&1
  done
done
"$program" run quantiles/synth1 --runs "$base" >/dev/null 2>&1
"$program" run phases/desk --runs "$base" >/dev/null 2>&1

start() { # SIZE
  size=$1 width=${1%x*} height=${1#*x}
  Xvfb "$display" -screen 0 "${size}x24" >/dev/null 2>&1 & echo $! >"$work/xvfb"
  until xdotool getdisplaygeometry >/dev/null 2>&1; do sleep 0.1; done
  # Panels take their shares of the first frame: the window is opened again at the size that it remembers.
  open; sleep 2; kill "$(cat "$work/app")"; sleep 0.5; open
}
open() {
  WEIGHTSCOPE_RUNS=$runs "$program" >"$work/log" 2>&1 & echo $! >"$work/app"
  id=
  until id=$(xdotool search --onlyvisible --name Weightscope | tail -1) && [ -n "$id" ]; do
    kill -0 "$(cat "$work/app")" || { cat "$work/log"; exit 1; }
    sleep 0.2
  done
  xdotool windowmove "$id" 0 0 windowsize "$id" "$width" "$height" windowfocus "$id"
  sleep 2
}
end() { kill "$(cat "$work/app")" "$(cat "$work/xvfb")" 2>/dev/null || true; wait 2>/dev/null || true; sleep 0.5; }
shot() { sleep 1.2; import -window root "$out/$size-$theme-$1.png"; }
key() { xdotool key "$@"; sleep 0.5; }
palette() { key ctrl+p; xdotool type --delay 40 "$1"; sleep 0.6; key Return; sleep 0.8; }
click() { xdotool mousemove "$1" "$2" sleep 0.2 click 1; sleep 0.6; }
# Where the bottom panel begins at first, with its tabs and the rows of its table below.
panel_top() { # the list takes a quarter of the window, at least 196, over the status bar
  local list=$((height / 4)); echo $((height - (list > 196 ? list : 196) - 26)); }
tab() { click "$1" $(($(panel_top) + 13)); }
row() { echo $(($(panel_top) + 96 + 245 * $1 / 10)); }

tour() { # SIZE THEME
  theme=$2 runs=$work/runs-$1-$2
  cp -r "$base" "$runs"
  start "$1"
  palette "$theme theme"
  shot 01-welcome
  palette "use preset oscillation/mlp-lsq"
  key ctrl+shift+Return; shot 02-sweep; key Escape
  palette "open run statsq_s2"; shot 03-run
  click 430 $(($(panel_top) + 47)); xdotool type --delay 40 "lab:oscillation"; key Return
  for line in 1 2 3; do click 318 "$(row $line)"; done
  sleep 2; shot 04-overlay
  tab 455; shot 05-compare; tab 330
  key ctrl+shift+f; shot 06-fork; key Escape
  key bracketleft bracketleft bracketleft; shot 07-scrubbed; key End
  palette "go to view loss"; key l; key m; shot 08-maximised-log
  click $((width / 2)) $((height / 3)); shot 09-pinned; key Escape; key m
  key ctrl+t; xdotool type --delay 40 "learning"; shot 10-add-view; key Escape
  key ctrl+p; xdotool type --delay 40 "phases"; shot 11-palette; key Escape
  key ctrl+e; shot 12-export; key Escape
  key ctrl+comma; shot 13-settings; key Escape
  key shift+F1; shot 14-keys; key Escape
  key ctrl+o; shot 15-open; key Escape
  palette "open run phases"; sleep 2; shot 16-phases
  palette "go to view metrics side by side"; key m; shot 17-small-multiples; key m
  palette "take away"; shot 18-take-away; key Escape
  palette "open run quantiles"; sleep 2; shot 19-quantiles
  palette "high contrast"; shot 20-high-contrast; palette "high contrast"
  palette "use preset oscillation/quick"; key ctrl+Return; sleep 1.5; shot 21-live
  kill -9 "$(cat "$work/app")"; sleep 0.5; open; shot 22-rescue
  end
}
for size_theme in ${TOUR:-1440x900:dark 1440x900:light 1024x680:dark 1024x680:light}; do
  echo "tour $size_theme"
  tour "${size_theme%:*}" "${size_theme#*:}"
done
