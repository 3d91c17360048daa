#!/usr/bin/env bash
# Seeds the corpus of every target with small real files, most of them written by dml.
# Usage: seed.sh DML, from anywhere.
set -euo pipefail
dml=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
configs=$here/../../configs
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

corpus() {
  mkdir -p "$here/corpus/$1"
  cat > "$here/corpus/$1/seed-$2"
}

# Forty 8×8 images of two classes; the values depend on class and position.
images() {
  awk -v comma="$1" 'BEGIN {
    for (row = 0; row < 40; row++) {
      printf "%d", row % 2
      for (pixel = 0; pixel < 64; pixel++) printf "%s%d", comma, (row * 7 + pixel * (row % 2 + 1) * 3) % 256
      printf "\n"
    }
  }'
}
header() { printf 'label'; for pixel in $(seq 64); do printf ',pixel%d' "$pixel"; done; printf '\n'; }

images , > plain.csv
{ header; images ,; } > header.csv
{ printf '\xef\xbb\xbf'; header; images ,; } | sed 's/$/\r/' > windows.csv
sed 's/^\([01]\),/"shirt \1",/' header.csv > text.csv
for file in plain header windows text; do
  for dialect in '\x00' '\x80' '\x01' '\x02' '\x89'; do
    { printf "$dialect"; cat $file.csv; } | corpus csv "$file-${dialect#\\x}"
  done
  { printf '\x80'; gzip -9n < $file.csv; } | corpus csv "$file-gzip"
done

# Two images of 2×3 and their labels.
printf '\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\3abcdefghijkl' > images
printf '\0\0\10\1\0\0\0\2\0\1' > labels
for file in images labels; do
  corpus idx $file < $file
  gzip -9n < $file | corpus idx $file-gzip
done

for file in "$here"/../cases/formats/*; do
  case $file in
    *.npy) corpus npy "$(basename "$file")" < "$file" ;;
    *) corpus embeddings "$(basename "$file")" < "$file" ;;
  esac
done
# Choices of the target arrays: an archive under each choice of rows, images, labels.
for file in "$here"/../reference/arrays/*.npz; do
  for choice in '\x00' '\x03' '\x06'; do
    { printf "$choice"; cat "$file"; } | corpus arrays "$(basename "$file")-${choice#\\x}"
  done
done
{ printf '\x01'; cat "$here"/../reference/arrays/pair_images.npy; } | corpus arrays images
{ printf '\x02'; cat "$here"/../reference/arrays/pair_labels.npy; } | corpus arrays labels
# The same images in every kind of file, and files of other formats.
for file in "$here"/../cases/sources/*.* "$here"/../cases/sources/idx/* "$here"/../cases/sources/list/list.csv; do
  for choice in '\x00' '\x01' '\x02' '\x80'; do
    { printf "$choice"; cat "$file"; } | corpus source "$(basename "$file")-${choice#\\x}"
  done
done
{ printf '\x00'; printf 'path,label\na.png,x\n./a.png,y\n'; } | corpus source list

for config in "$configs"/*.toml "$configs"/losses/*.toml; do
  corpus toml "$(basename "$config")" < "$config"
done

printf '[data]\nvalidation = 0.3\n[model]\nembedding = 2\n[tsne]\niterations = 20\nperplexity = 1.0\n' > small.toml
for loss in contrastive arcface; do
  "$dml" train --config small.toml --data header.csv --loss $loss --epochs 1 --batch 16 \
    --name $loss --checkpoint-every '1 step' > /dev/null 2> log || { cat log; exit 1; }
  "$dml" eval --run runs/$loss --knn 1 --recall-at 1 > /dev/null 2>&1
  for file in runs/$loss/*.safetensors; do corpus safetensors "$loss-$(basename "$file")" < "$file"; done
  for file in runs/$loss/*.npy; do corpus npy "$loss-$(basename "$file")" < "$file"; done
done

# A run, a comparison, a sweep and a search, under the folder names of the target run_folder.
"$dml" compare --config small.toml --data header.csv --losses contrastive --epochs 1 --batch 16 --seeds 1 \
  > /dev/null 2>&1
"$dml" sweep --config small.toml --data header.csv --losses contrastive --epochs 1 --train-size 12,20 --seeds 1 \
  > /dev/null 2>&1
"$dml" tune --config small.toml --data header.csv --loss contrastive --epochs 1 --batch 16 --trials 1 \
  > /dev/null 2>&1
run=$(sed -n 's/.*"\(runs\/contrastive-seed1-[^"]*\)".*/\1/p' runs/compare-*/comparison.json | head -n 1)
for loss in contrastive arcface; do
  if [ $loss = contrastive ]; then from=$run; else from=runs/arcface; fi
  for file in $from/run.json $from/config.toml $from/history.csv $from/metrics.json $from/tsne.csv \
    runs/compare-*/comparison.json runs/sweep-*/sweep.json runs/tune-*/search.json runs/tune-*/best.toml \
    runs/tune-*/trial-001/trial.json; do
    sed "s#$run#runs/run#g" "$file"; printf '\xff'
  done | corpus run_folder "$loss"
done
