"""Content of bodies: a codec for each media type, and what the codecs stand on."""
