#!/bin/sh
# Takes out of the installed packages what the microblog never reads.
#
# usage: trim.sh SITE_PACKAGES TRANSLATIONS
set -eu
packages=$1
translations=$2

cd "$packages"
rm -rf pip pip-*.dist-info pytz/zoneinfo alembic/testing alembic/templates sqlalchemy/testing
rm -rf sqlalchemy/dialects/mssql sqlalchemy/dialects/oracle
# Of Pillow: fonts, windows, and the formats that nobody may upload.
rm -f PIL/_imagingft.* PIL/_imagingtk.* PIL/_imagingmath.* PIL/_imagingmorph.* PIL/_avif.*
rm -f pillow.libs/libavif-* pillow.libs/libharfbuzz-* pillow.libs/libfreetype-* pillow.libs/libbrotli* pillow.libs/libpng16-*
for plugin in PIL/*Plugin.py; do
    case ${plugin##*/} in
    BmpImagePlugin.py | GifImagePlugin.py | JpegImagePlugin.py | MpoImagePlugin.py | PngImagePlugin.py | PpmImagePlugin.py | TiffImagePlugin.py | WebPImagePlugin.py) ;;
    *) rm "$plugin" ;;
    esac
done
find . -name '*.pyx' -delete -o -name '*.pxd' -delete -o -name '*.pyi' -delete -o -name '*.c' -delete -o -name '*.h' -delete
find . -name '*.so*' -exec strip --strip-unneeded {} +
rm -f ../../../bin/pip* ../../../bin/activate* ../../../bin/Activate*

# The dates of the languages there are: English, each translation, and what those inherit from.
mkdir babel/kept
cp babel/locale-data/root.dat babel/locale-data/en.dat babel/kept/
for folder in "$translations"/*/; do
    language=$(basename "$folder")
    cp "babel/locale-data/$language.dat" "babel/locale-data/${language%%_*}.dat" babel/kept/
done
rm -r babel/locale-data
mv babel/kept babel/locale-data
