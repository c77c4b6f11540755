#!/bin/sh
echo "{% x %}"
