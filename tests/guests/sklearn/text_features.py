import io
import pickle
import numpy as np
from sklearn.decomposition import LatentDirichletAllocation
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer, HashingVectorizer
from sklearn.linear_model import SGDClassifier, Perceptron
from sklearn.metrics.pairwise import cosine_similarity, euclidean_distances
from sklearn.naive_bayes import MultinomialNB
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline

docs = ["free money now", "win money free prize", "meeting at noon", "project meeting notes", "lunch at noon today", "free prize win now"]
y = ["spam", "spam", "ham", "ham", "ham", "spam"]
cv = CountVectorizer().fit(docs)
print(cv.get_feature_names_out().tolist(), cv.transform(["money money at"]).toarray().tolist(), cv.vocabulary_["noon"] == 5)
tf = TfidfVectorizer(stop_words="english").fit(docs)
M = tf.transform(docs)
print(M.shape, np.round(np.sqrt(M.multiply(M).sum(axis=1)), 8).ravel().tolist(), np.round(cosine_similarity(M)[1], 4).tolist())
print(CountVectorizer(ngram_range=(1, 2), min_df=2).fit(docs).get_feature_names_out().tolist(), CountVectorizer(analyzer="char", ngram_range=(2, 2)).fit(["abab"]).vocabulary_)
m = make_pipeline(CountVectorizer(), MultinomialNB()).fit(docs, y)
print(m.predict(["free lunch prize", "notes at meeting"]).tolist(), m.predict_proba(["free money"]).round(4).tolist())
back = pickle.loads(pickle.dumps(m))
print(back.predict(docs).tolist() == y, make_pipeline(TfidfVectorizer(), SGDClassifier(random_state=0)).fit(docs, y).score(docs, y))
dv = DictVectorizer(sparse=False)
print(dv.fit_transform([{"city": "Oslo", "t": 5}, {"city": "Rome", "t": 20}]).tolist(), dv.get_feature_names_out().tolist(), HashingVectorizer(n_features=16).transform(docs).shape)
xor = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
mlp = MLPClassifier((8,), solver="lbfgs", random_state=1, max_iter=500).fit(xor, [0, 1, 1, 0])
print(mlp.predict(xor).tolist(), Perceptron().fit(xor, [0, 0, 0, 1]).score(xor, [0, 0, 0, 1]), euclidean_distances([[0, 0]], [[3, 4]]).tolist())
lda = LatentDirichletAllocation(2, random_state=0).fit(cv.transform(docs))
print(lda.components_.shape, lda.transform(cv.transform(docs)).sum(axis=1).round(6).tolist())
