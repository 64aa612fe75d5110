package validate

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// interval is a confidence interval.
type interval struct{ low, high float64 }

func (i interval) covers(x float64) bool { return i.low <= x && x <= i.high }

// batchMeans returns the mean of batches, and its confidence interval by Student's t.
func batchMeans(batches []float64, confidence float64) (float64, interval) {
	mean, sd := stat.MeanStdDev(batches, nil)
	n := float64(len(batches))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile((1 + confidence) / 2)
	half := t * sd / math.Sqrt(n)
	return mean, interval{mean - half, mean + half}
}

// deviations returns by how many of its standard deviations a mean of n values is off, each of which has the mean and the deviation that theory says.
func deviations(values []float64, mean, sd float64) float64 {
	if len(values) == 0 {
		return math.Inf(1)
	}
	return (stat.Mean(values, nil) - mean) / (sd / math.Sqrt(float64(len(values))))
}

// limit returns how many standard deviations are allowed, both ways, at a level of significance.
func limit(level float64) float64 { return distuv.UnitNormal.Quantile(1 - level/2) }

// kolmogorov returns the probability that the greatest distance between the distribution of values and the one that theory says is as great as theirs, or greater,
// if theory is right (Kolmogorov's asymptotic series, with Stephens's correction for small numbers).
func kolmogorov(values []float64, theory func(float64) float64) (probability float64) {
	sorted, distance := slices.Sorted(slices.Values(values)), 0.0
	n := float64(len(sorted))
	for i, v := range sorted {
		f := theory(v)
		distance = max(distance, f-float64(i)/n, float64(i+1)/n-f)
	}
	x := distance * (math.Sqrt(n) + 0.12 + 0.11/math.Sqrt(n))
	sign := 1.0
	for k := 1.0; k <= 100; k++ {
		probability += 2 * sign * math.Exp(-2*k*k*x*x)
		sign = -sign
	}
	return min(max(probability, 0), 1)
}

// allowedMisses returns how many of n independent intervals may miss the truth, at a level of significance, if each misses it with probability p.
func allowedMisses(n int, p, level float64) int {
	b := distuv.Binomial{N: float64(n), P: p}
	k := 0
	for 1-b.CDF(float64(k)) >= level {
		k++
	}
	return k
}

// quantile returns the value that a share p of the values does not exceed.
func quantile(values []float64, p float64) float64 {
	return stat.Quantile(p, stat.Empirical, slices.Sorted(slices.Values(values)), nil)
}
