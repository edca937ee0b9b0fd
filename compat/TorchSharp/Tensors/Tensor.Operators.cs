using static TorchSharp.Interop.Operators;

namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        public static Tensor operator +(Tensor left, Tensor right) => Call("add.Tensor", left, right);
        public static Tensor operator +(Tensor left, Scalar right) => Call("add.Scalar", left, right);
        public static Tensor operator +(Scalar left, Tensor right) => Call("add.Scalar", right, left);
        public static Tensor operator -(Tensor left, Tensor right) => Call("sub.Tensor", left, right);
        public static Tensor operator -(Tensor left, Scalar right) => Call("sub.Scalar", left, right);
        public static Tensor operator -(Scalar left, Tensor right) => Call("rsub.Scalar", right, left);
        public static Tensor operator *(Tensor left, Tensor right) => Call("mul.Tensor", left, right);
        public static Tensor operator *(Tensor left, Scalar right) => Call("mul.Scalar", left, right);
        public static Tensor operator *(Scalar left, Tensor right) => Call("mul.Scalar", right, left);
        public static Tensor operator /(Tensor left, Tensor right) => Call("div.Tensor", left, right);
        public static Tensor operator /(Tensor left, Scalar right) => Call("div.Scalar", left, right);
        public static Tensor operator /(Scalar left, Tensor right) => Divide(left, right);
        public static Tensor operator %(Tensor left, Tensor right) => Call("remainder.Tensor", left, right);
        public static Tensor operator %(Tensor left, Scalar right) => Call("remainder.Scalar", left, right);
        public static Tensor operator &(Tensor left, Tensor right) => Call("bitwise_and.Tensor", left, right);
        public static Tensor operator |(Tensor left, Tensor right) => Call("bitwise_or.Tensor", left, right);
        public static Tensor operator ^(Tensor left, Tensor right) => Call("bitwise_xor.Tensor", left, right);
        public static Tensor operator ~(Tensor tensor) => Call("bitwise_not", tensor);
        public static Tensor operator -(Tensor tensor) => Call("neg", tensor);

        public static Tensor operator ==(Tensor left, Tensor right) => Call("eq.Tensor", left, right);
        public static Tensor operator ==(Tensor left, Scalar right) => Call("eq.Scalar", left, right);
        public static Tensor operator !=(Tensor left, Tensor right) => Call("ne.Tensor", left, right);
        public static Tensor operator !=(Tensor left, Scalar right) => Call("ne.Scalar", left, right);
        public static Tensor operator <(Tensor left, Tensor right) => Call("lt.Tensor", left, right);
        public static Tensor operator <(Tensor left, Scalar right) => Call("lt.Scalar", left, right);
        public static Tensor operator <=(Tensor left, Tensor right) => Call("le.Tensor", left, right);
        public static Tensor operator <=(Tensor left, Scalar right) => Call("le.Scalar", left, right);
        public static Tensor operator >(Tensor left, Tensor right) => Call("gt.Tensor", left, right);
        public static Tensor operator >(Tensor left, Scalar right) => Call("gt.Scalar", left, right);
        public static Tensor operator >=(Tensor left, Tensor right) => Call("ge.Tensor", left, right);
        public static Tensor operator >=(Tensor left, Scalar right) => Call("ge.Scalar", left, right);

        // `==` compares elements, so objects are compared by identity, as the real package does.
        public override bool Equals(object? obj) => ReferenceEquals(this, obj);
        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

        private static Tensor Divide(Scalar left, Tensor right)
        {
            using var inverse = Call("reciprocal", right);
            return Call("mul.Scalar", inverse, left);
        }

        public Tensor add(Tensor target) => Call("add.Tensor", this, target);
        public Tensor add(Tensor target, Scalar alpha) => Call("add.Tensor", this, target, alpha);
        public Tensor add(Scalar scalar) => Call("add.Scalar", this, scalar);
        public Tensor add_(Tensor target) => InPlace("add_.Tensor", this, target);
        public Tensor add_(Tensor target, Scalar alpha) => InPlace("add_.Tensor", this, target, alpha);
        public Tensor add_(Scalar scalar) => InPlace("add_.Scalar", this, scalar);
        public Tensor sub(Tensor target) => Call("sub.Tensor", this, target);
        public Tensor sub(Scalar scalar) => Call("sub.Scalar", this, scalar);
        public Tensor sub_(Tensor target) => InPlace("sub_.Tensor", this, target);
        public Tensor sub_(Scalar scalar) => InPlace("sub_.Scalar", this, scalar);
        public Tensor mul(Tensor target) => Call("mul.Tensor", this, target);
        public Tensor mul(Scalar scalar) => Call("mul.Scalar", this, scalar);
        public Tensor mul_(Tensor target) => InPlace("mul_.Tensor", this, target);
        public Tensor mul_(Scalar scalar) => InPlace("mul_.Scalar", this, scalar);
        public Tensor div(Tensor target) => Call("div.Tensor", this, target);
        public Tensor div(Scalar scalar) => Call("div.Scalar", this, scalar);
        public Tensor div_(Tensor target) => InPlace("div_.Tensor", this, target);
        public Tensor div_(Scalar scalar) => InPlace("div_.Scalar", this, scalar);
        public Tensor floor_divide(Tensor other) => Call("floor_divide", this, other);
        public Tensor floor_divide(Scalar other) => Call("floor_divide.Scalar", this, other);
        public Tensor remainder(Scalar other) => Call("remainder.Scalar", this, other);
        public Tensor pow(Scalar exponent) => Call("pow.Tensor_Scalar", this, exponent);
        public Tensor pow(Tensor exponent) => Call("pow.Tensor_Tensor", this, exponent);
        public Tensor lerp(Tensor end, Scalar weight) => Call("lerp.Scalar", this, end, weight);
        public Tensor lerp_(Tensor end, Scalar weight) => InPlace("lerp_.Scalar", this, end, weight);
        public Tensor addcmul(Tensor tensor1, Tensor tensor2, Scalar value) => Call("addcmul", this, tensor1, tensor2, value);
        public Tensor addcmul_(Tensor tensor1, Tensor tensor2, Scalar value) => InPlace("addcmul_", this, tensor1, tensor2, value);
        public Tensor addcdiv_(Tensor tensor1, Tensor tensor2, Scalar value) => InPlace("addcdiv_", this, tensor1, tensor2, value);

        public Tensor eq(Tensor target) => Call("eq.Tensor", this, target);
        public Tensor eq(Scalar target) => Call("eq.Scalar", this, target);
        public Tensor ne(Tensor target) => Call("ne.Tensor", this, target);
        public Tensor ne(Scalar target) => Call("ne.Scalar", this, target);
        public Tensor lt(Tensor target) => Call("lt.Tensor", this, target);
        public Tensor lt(Scalar target) => Call("lt.Scalar", this, target);
        public Tensor le(Tensor target) => Call("le.Tensor", this, target);
        public Tensor le(Scalar target) => Call("le.Scalar", this, target);
        public Tensor gt(Tensor target) => Call("gt.Tensor", this, target);
        public Tensor gt(Scalar target) => Call("gt.Scalar", this, target);
        public Tensor ge(Tensor target) => Call("ge.Tensor", this, target);
        public Tensor ge(Scalar target) => Call("ge.Scalar", this, target);
        public Tensor logical_and(Tensor other) => Call("logical_and", this, other);
        public Tensor logical_or(Tensor other) => Call("logical_or", this, other);
        public Tensor logical_not() => Call("logical_not", this);
        public Tensor bitwise_not() => Call("bitwise_not", this);
        public Tensor isnan() => Call("isnan", this);
        public Tensor isinf() => Call("isinf", this);
        public Tensor isfinite() => Call("isfinite", this);
        public bool equal(Tensor other) => CallInteger("equal", this, other) != 0;
        public bool allclose(Tensor target, double rtol = 1e-5, double atol = 1e-8, bool equal_nan = false) => CallInteger("allclose", this, target, rtol, atol, equal_nan) != 0;

        /// <summary>Runs an operator that changes its first argument, which is this tensor.</summary>
        private Tensor InPlace(string name, params ReadOnlySpan<Interop.Value> arguments)
        {
            Run(name, arguments);
            return this;
        }
    }
}
