import numpy as np
from sklearn.datasets import load_breast_cancer, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score, roc_curve, precision_recall_curve, log_loss, make_scorer, balanced_accuracy_score
from sklearn.model_selection import (cross_val_score, KFold, StratifiedKFold, GridSearchCV, RandomizedSearchCV,
                                     TimeSeriesSplit, GroupKFold, LeaveOneOut, cross_val_predict, learning_curve)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = load_breast_cancer(return_X_y=True)
print(X.shape, np.bincount(y).tolist())
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
s = cross_val_score(model, X, y, cv=5)
print(s.shape, bool((s > 0.94).all()), round(float(cross_val_score(DummyClassifier(), X, y, cv=5).mean()), 3))
print([(tr.tolist(), te.tolist()) for tr, te in KFold(3).split(range(6))][1], [te.tolist() for _, te in KFold(3, shuffle=True, random_state=1).split(range(6))])
print([y2[te].tolist() for y2 in [np.array([0, 0, 1, 1])] for _, te in StratifiedKFold(2).split(np.zeros(4), y2)], [te.tolist() for _, te in TimeSeriesSplit(3).split(range(8))])
print([sorted(set(np.array([1, 1, 2, 3])[te].tolist())) for _, te in GroupKFold(3).split(range(4), groups=[1, 1, 2, 3])], LeaveOneOut().get_n_splits([1, 2, 3]))
g = GridSearchCV(make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)), {"logisticregression__C": [0.001, 0.1, 10]}, cv=3).fit(X[:200], y[:200])
print(len(g.cv_results_["params"]), g.best_params_["logisticregression__C"] != 0.001, g.best_score_ > 0.92)
p = cross_val_predict(model, X, y, cv=3, method="predict_proba")[:, 1]
print(roc_auc_score(y, p) > 0.985, roc_auc_score([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]), round(log_loss([0, 1], [0.2, 0.7]), 6))
fpr, tpr, th = roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
print(fpr.tolist(), tpr.tolist(), precision_recall_curve([0, 1, 1], [0.2, 0.5, 0.9])[0].round(4).tolist(), balanced_accuracy_score([0, 1, 1], [0, 1, 0]))
