"""Ends at once and leaves a child that keeps its output open, as a server does whose workers outlive it."""

import subprocess
import sys

left = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
sys.stderr.write(f"{left.pid}\n")
