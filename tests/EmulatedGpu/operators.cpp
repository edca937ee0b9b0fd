// Operators of CUDA tensors, computed by the CPU's kernels on the same memory, for a runtime whose cards have no kernels.
#include "runtime.h"

#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAGeneratorImpl.h>
#include <torch/library.h>

#include <set>
#include <string>

namespace {

using c10::IValue;

bool on_card(const at::Tensor& t) { return t.defined() && t.is_cuda(); }

// The same memory as a tensor of the CPU.
at::Tensor mirror(const at::Tensor& t) {
  return at::from_blob(const_cast<void*>(t.const_data_ptr()), t.sizes(), t.strides(), [](void*) {}, t.options().device(at::kCPU).requires_grad(false));
}

// What a kernel is given: its tensors on the host. A recorded one takes those of the host by value.
at::Tensor on_host(const at::Tensor& t, bool recorded) { return on_card(t) ? mirror(t) : t.defined() && recorded ? t.clone() : t; }

IValue on_host(const IValue& v, bool recorded) {
  if (v.isTensor()) return on_host(v.toTensor(), recorded);
  if (v.isTensorList()) {
    c10::List<at::Tensor> list;
    for (const at::Tensor& t : v.toTensorVector()) list.push_back(on_host(t, recorded));
    return list;
  }
  if (v.isOptionalTensorList()) {
    c10::List<std::optional<at::Tensor>> list;
    for (const auto& t : v.toOptionalTensorVector()) list.push_back(t ? std::optional(on_host(*t, recorded)) : t);
    return list;
  }
  if (v.isDevice() && v.toDevice().is_cuda()) return c10::Device(at::kCPU);
  return v;
}

at::Tensor to_card(const at::Tensor& t, c10::Device card) {
  if (!t.defined()) return t;
  auto made = at::empty_strided(t.sizes(), t.strides(), t.options().device(card));
  if (t.numel()) mirror(made).copy_(t);
  return made;
}

std::vector<at::Tensor> tensors_of(const IValue& v) {
  if (v.isTensor()) return {v.toTensor()};
  if (v.isTensorList()) return v.toTensorVector();
  return {};
}

// The card of the first tensor that is on one, or the one that is asked for.
c10::DeviceIndex card_of(const std::vector<IValue>& given) {
  for (auto& v : given)
    for (auto& t : tensors_of(v))
      if (on_card(t)) return t.get_device();
  for (auto& v : given)
    if (v.isDevice() && v.toDevice().is_cuda() && v.toDevice().has_index()) return v.toDevice().index();
  return -1;
}

// Numbers are drawn from the seed and the count of the card's generator.
at::Generator generator_of(const IValue& given, c10::DeviceIndex card) {
  auto own = given.isGenerator() ? given.toGenerator() : at::cuda::detail::getDefaultCUDAGenerator(card);
  auto* state = at::check_generator<at::CUDAGeneratorImpl>(own);
  std::lock_guard<std::mutex> held(own.mutex());
  const auto count = state->philox_offset_per_thread();
  state->set_philox_offset_per_thread(count + 4);
  return at::detail::createCPUGenerator(own.current_seed() * 0x9E3779B97F4A7C15 + count);
}

void restore_after_capture(void* stream, const at::Tensor& t) {
  if (!t.defined() || !t.numel()) return;
  auto own = on_card(t) ? mirror(t) : t;
  emulated_undo(stream, [own, was = own.clone()]() mutable {
    at::AutoDispatchBelowADInplaceOrView below;
    own.copy_(was);
  });
}

void emulate(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  emulated_count(0, 0);
  const auto& schema = op.schema();
  const size_t count = schema.arguments().size();
  const auto given = torch::jit::last(*stack, count).vec();
  torch::jit::drop(*stack, count);
  const auto stream = at::cuda::getCurrentCUDAStream(card_of(given));
  const c10::Device card(at::kCUDA, stream.device_index());
  const bool recording = emulated_capturing(stream.stream());
  auto written = [](const c10::Argument& a) { return a.alias_info() && a.alias_info()->isWrite(); };

  auto host = std::make_shared<std::vector<IValue>>();
  std::vector<size_t> growing;  // results that are empty: computed beside, then given room
  for (size_t i = 0; i < count; i++) {
    const auto& argument = schema.arguments()[i];
    if (argument.type()->str().find("Generator") != std::string::npos) {
      TORCH_CHECK(!recording, "emulated CUDA: numbers are drawn while a stream is captured");
      host->push_back(generator_of(given[i], card.index()));
      continue;
    }
    host->push_back(on_host(given[i], recording));
    if (!written(argument)) continue;
    if (recording) for (auto& t : tensors_of(given[i])) restore_after_capture(stream.stream(), t);
    if (given[i].isTensor() && given[i].toTensor().defined() && given[i].toTensor().numel() == 0) {
      growing.push_back(i);
      host->back() = at::empty({0}, given[i].toTensor().options().device(at::kCPU));
    }
  }

  torch::jit::Stack results(*host);
  {
    at::AutoDispatchBelowADInplaceOrView below;
    op.callBoxed(&results);
  }
  for (size_t i : growing) {
    auto found = (*host)[i].toTensor(), own = given[i].toTensor();
    own.resize_(found.sizes());
    if (found.numel()) mirror(own).copy_(found);
    (*host)[i] = mirror(own);
  }

  std::vector<std::pair<size_t, at::Tensor>> made;
  for (size_t r = 0; r < schema.returns().size(); r++) {
    const auto& result = schema.returns()[r];
    if (written(result)) {
      for (size_t i = 0; i < count; i++) {
        const auto& argument = schema.arguments()[i];
        if (written(argument) && argument.alias_info()->beforeSets() == result.alias_info()->beforeSets()) { stack->push_back(given[i]); break; }
      }
    } else if (results[r].isTensor()) {
      auto t = to_card(results[r].toTensor(), card);
      if (t.defined()) made.emplace_back(r, mirror(t));
      stack->push_back(t);
    } else if (results[r].isTensorList()) {
      TORCH_CHECK(!recording, "emulated CUDA: ", schema.name(), " gives a list, which is not recorded");
      c10::List<at::Tensor> list;
      for (const at::Tensor& t : results[r].toTensorVector()) list.push_back(to_card(t, card));
      stack->push_back(list);
    } else {
      TORCH_CHECK(!recording, "emulated CUDA: ", schema.name(), " gives the host a value while a stream is captured");
      stack->push_back(results[r]);
    }
  }
  if (!recording) return;
  emulated_record(stream.stream(), [op, host, made] {
    torch::jit::Stack again(*host);
    at::AutoDispatchBelowADInplaceOrView below;
    op.callBoxed(&again);
    for (const auto& [r, t] : made) t.copy_(again[r].toTensor());
  });
}

at::Tensor& copy(at::Tensor& self, const at::Tensor& source, bool non_blocking) {
  const auto stream = at::cuda::getCurrentCUDAStream((on_card(self) ? self : source).get_device());
  const bool recording = emulated_capturing(stream.stream()), inward = !on_card(source), outward = !on_card(self);
  emulated_count(inward, outward);
  if (inward || outward) {
    const auto& outside = inward ? source : self;
    TORCH_CHECK(!recording || (non_blocking && emulated_pinned(outside.const_data_ptr())),
                "emulated CUDA: while a stream is captured the host's memory is copied that is pageable, or waited for");
    if (outward && !non_blocking) stream.synchronize();
  }
  if (recording) restore_after_capture(stream.stream(), self);
  at::Tensor to = outward ? self : mirror(self), from = inward ? source : mirror(source);
  auto work = [to, from]() mutable {
    at::AutoDispatchBelowADInplaceOrView below;
    to.copy_(from);
  };
  work();
  if (recording) emulated_record(stream.stream(), work);
  return self;
}

struct Silence : c10::WarningHandler {
  void process(const c10::Warning&) override {}
};

// Every operator that has a kernel of CUDA's and one of the CPU's, but for those that make, resize, read or only view memory.
struct Install {
  Install() {
    static const std::set<std::string> real{"empty", "empty_strided", "resize_", "set_", "_local_scalar_dense", "record_stream", "is_pinned", "_pin_memory", "is_set_to", "_fused_sdp_choice"};
    Silence silence;  // libtorch warns of every replacement
    c10::WarningUtils::WarningHandlerGuard quiet(&silence);
    static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::CUDA, __FILE__, __LINE__);
    auto& dispatcher = c10::Dispatcher::singleton();
    for (const auto& name : dispatcher.getAllOpNames()) {
      if (name.name.rfind("aten::", 0) != 0 || real.count(name.name.substr(6))) continue;
      auto op = dispatcher.findSchema(name);
      if (!op || !op->hasKernelForDispatchKey(c10::DispatchKey::CUDA) || !op->hasComputedKernelForDispatchKey(c10::DispatchKey::CPU)) continue;
      bool view = false;
      for (const auto& r : op->schema().returns()) view |= r.alias_info() && !r.alias_info()->isWrite();
      if (view) continue;
      auto full = name.name.substr(6) + (name.overload_name.empty() ? "" : "." + name.overload_name);
      library.impl(full.c_str(), torch::CppFunction::makeFromBoxedFunction<&emulate>());
    }
    library.impl("copy_", copy);
    // Attention from plain operators: the fused kernels have no counterpart.
    at::globalContext().setSDPUseFlash(false);
    at::globalContext().setSDPUseMemEfficient(false);
    at::globalContext().setSDPUseCuDNN(false);
  }
} install;

}  // namespace
