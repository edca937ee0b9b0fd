// The processor at hand: which instructions it has, and how its cores share work.
#pragma once
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

namespace bridge {

inline bool has_avx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq");
}

// f(task) for each of 0 … tasks − 1; whichever thread is free takes the next one: the cores of a shared machine are not
// equally fast.
template <class F> void share(int64_t tasks, F f) {
  std::atomic<int64_t> next{0};
  at::parallel_for(0, std::min<int64_t>(tasks, at::get_num_threads()), 1, [&](int64_t, int64_t) {
    for (int64_t task; (task = next.fetch_add(1, std::memory_order_relaxed)) < tasks;) f(task);
  });
}

}  // namespace bridge
