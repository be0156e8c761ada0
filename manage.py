#!/usr/bin/env python3
from wharf.cli import main

main()
