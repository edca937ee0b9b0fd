extern "C" __attribute__((visibility("default"))) int bridge_version() { return 0; }
