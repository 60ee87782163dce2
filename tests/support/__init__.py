"""What tests stand on: real servers, real projects, real processes. tests/README.md tells what is there."""
