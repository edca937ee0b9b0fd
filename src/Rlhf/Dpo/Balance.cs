using System.Globalization;

namespace Rlhf.Dpo;

/// <summary>Whether KTO's weights suit how many replies there are of either kind (the paper's section 4.2).</summary>
internal static class Balance
{
    private const double Most = 4.0 / 3, Slack = 1.5;

    /// <returns>null where weight × number of desirable replies is 1 to 4/3 times that of the others, give or take a half</returns>
    public static string? Warning(DpoRecipe recipe, int desirable, int undesirable)
    {
        if (desirable == 0 || undesirable == 0)
            return $"all {desirable + undesirable} replies of dpo.data are {(desirable == 0 ? "undesirable" : "desirable")}: kto learns from the difference, give it both kinds";
        var share = recipe.DesirableWeight * desirable / (recipe.UndesirableWeight * undesirable);
        if (share is >= 1 / Slack and <= Most * Slack) return null;
        var (key, weight) = share < 1
            ? ("desirable_weight", recipe.UndesirableWeight * undesirable / desirable)
            : ("undesirable_weight", recipe.DesirableWeight * desirable / undesirable);
        return string.Create(CultureInfo.InvariantCulture,
            $"{desirable} desirable and {undesirable} undesirable replies weigh {share:0.##} to 1: the rarer kind is learnt too little; try dpo.{key}={weight:0.##}");
    }
}
