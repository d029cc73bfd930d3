import re
from collections import Counter

TEXT = """It was the best of times, it was the worst of times, it was the age of wisdom,
it was the age of foolishness, it was the epoch of belief, it was the epoch of incredulity,
it was the season of Light, it was the season of Darkness -- it was the spring of hope!"""
words = re.findall(r"[a-z']+", TEXT.lower())
counts = Counter(words)
print(f"{len(words)} words, {len(counts)} unique, longest: {max(counts, key=lambda w: (len(w), w))}")
width = 24
top = sorted(counts.items(), key=lambda kv: (-kv[1], kv[0]))[:6]
for word, n in top:
    print(f"{word:>8} | {'#' * round(n / top[0][1] * width):<{width}} {n:>3} {n / len(words):6.1%}")
lengths = Counter(map(len, words))
for n in range(1, max(lengths) + 1):
    print(f"{n:>2} {'█' * lengths[n]}{lengths[n] or '-'}")
letters = Counter(c for w in words for c in w)
print("".join(c for c, _ in sorted(letters.items(), key=lambda kv: (-kv[1], kv[0]))), letters["e"])
bigrams = Counter(zip(words, words[1:]))
print([(" ".join(b), n) for b, n in sorted(bigrams.items(), key=lambda kv: (-kv[1], kv[0]))[:3]])
sentences = [s.strip() for s in re.split(r"[.!?,]|--", TEXT) if s.strip()]
print(len(sentences), round(sum(len(s.split()) for s in sentences) / len(sentences), 2), sentences[-1])
print(sorted(w for w in counts if w == w[::-1]), "".join(w[0] for w in words[:12]))
