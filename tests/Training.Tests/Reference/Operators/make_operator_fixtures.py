#!/usr/bin/python3
"""Writes operators.json beside this file: outputs and gradients of ONNX operators as PyTorch computes them, at random points, kinks and special values.

Setup:   apt-get install python3-torch python3-torchvision
Run:     /usr/bin/python3 make_operator_fixtures.py
"""
import os, warnings
warnings.filterwarnings("ignore")
import elementwise, fixture, images, layers, movement, reductions

for family in (elementwise, reductions, movement, images, layers):
    family.make()
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "operators.json")
fixture.write(path)
print(f"{len(fixture.cases)} cases of {len({(c.get('domain'), c['operator']) for c in fixture.cases})} operators, {os.path.getsize(path) / 1000:.0f} kB")
