namespace Rlhf.Benchmarks.CartPole;

/// <summary>
/// The pole on a cart of Barto, Sutton and Anderson (1983), with the constants, Euler integration and limits of Gym's
/// CartPole-v1: +1 for each step until the pole leans 12 degrees, the cart leaves ±2.4, or 500 steps are over.
/// </summary>
internal sealed class CartPoleWorld
{
    public const int Observations = 4, Actions = 2, MaxSteps = 500;

    private const double Gravity = 9.8, CartMass = 1, PoleMass = 0.1, TotalMass = CartMass + PoleMass;
    private const double HalfLength = 0.5, Force = 10, Tick = 0.02;
    private const double MaxAngle = 12 * 2 * Math.PI / 360, MaxPosition = 2.4;

    private double _position, _speed, _angle, _turning;

    public int Steps { get; private set; }

    public bool Fell => Math.Abs(_position) > MaxPosition || Math.Abs(_angle) > MaxAngle;

    public bool OutOfTime => Steps >= MaxSteps;

    public float[] Observation => [(float)_position, (float)_speed, (float)_angle, (float)_turning];

    /// <summary>Starts anew near the upright position.</summary>
    public void Reset(Random random)
    {
        (_position, _speed, _angle, _turning) = (Draw(), Draw(), Draw(), Draw());
        Steps = 0;

        double Draw() => random.NextDouble() * 0.1 - 0.05;
    }

    /// <summary>Pushes left (0) or right (1) for one tick.</summary>
    public void Step(int action)
    {
        var force = action == 1 ? Force : -Force;
        var (sin, cos) = Math.SinCos(_angle);
        var thrust = (force + PoleMass * HalfLength * _turning * _turning * sin) / TotalMass;
        var angular = (Gravity * sin - cos * thrust) / (HalfLength * (4.0 / 3 - PoleMass * cos * cos / TotalMass));
        var linear = thrust - PoleMass * HalfLength * angular * cos / TotalMass;
        _position += Tick * _speed;
        _speed += Tick * linear;
        _angle += Tick * _turning;
        _turning += Tick * angular;
        Steps++;
    }
}
