#pragma once
// What the operators ask of the runtime.
#include <functional>

bool emulated_capturing(void* stream);
// Kept for launches of the graph that `stream` is captured into.
void emulated_record(void* stream, std::function<void()> work);
// Done, last ones first, when the capture ends: a capture changes nothing.
void emulated_undo(void* stream, std::function<void()> undo);
bool emulated_pinned(const void* memory);
void emulated_count(int copies_in, int copies_out);
