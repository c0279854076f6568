"""The benchmarks, and what they are measured against. Figures are ratios between things measured in the same run on the same machine."""
